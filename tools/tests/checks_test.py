"""Each check of ./dev check is shown a violation, and must see it."""

import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOLS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOOLS))

import check_coroutines  # noqa: E402
import check_layers  # noqa: E402
import check_sizes  # noqa: E402
import check_words  # noqa: E402
import count_cases  # noqa: E402

LAW = "server: everything\ngateway: sandbox base\nsandbox: base\nsandbox/*: sandbox base\nbase: nothing\n"


class Tree(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


class LayersTest(Tree):
    def setUp(self):
        super().setUp()
        self.write("src/layers.txt", LAW)
        for folder in ("server", "gateway/http", "sandbox/local", "sandbox/kubernetes", "base"):
            self.write(f"src/{folder}/a.h", "")

    def problems_of(self, name, text):
        self.write(name, text)
        return list(check_layers.check(self.root))

    def test_lawful_includes_pass(self):
        self.assertEqual(self.problems_of("src/gateway/http/b.h", '#include "sandbox/spawner.h"\n#include <map>\n'), [])
        self.assertEqual(self.problems_of("src/server/b.cpp", '#include "sandbox/local/a.h"\n'), [])

    def test_an_include_up_the_house_is_found(self):
        self.assertEqual(len(self.problems_of("src/base/b.h", '#include "server/a.h"\n')), 1)

    def test_a_test_may_include_the_contract_suites(self):
        self.assertEqual(self.problems_of("src/base/b_test.cpp", '#include "contract/suite.h"\n'), [])
        self.assertEqual(len(self.problems_of("src/base/b.cpp", '#include "contract/suite.h"\n')), 1)

    def test_a_backend_is_named_by_the_server_alone(self):
        self.assertEqual(len(self.problems_of("src/gateway/http/b.cpp", '#include "sandbox/local/a.h"\n')), 1)

    def test_one_backend_may_not_include_another(self):
        self.assertEqual(len(self.problems_of("src/sandbox/local/b.cpp", '#include "sandbox/kubernetes/a.h"\n')), 1)

    def test_an_include_without_its_folder_is_found(self):
        self.assertEqual(len(self.problems_of("src/base/b.h", '#include "a.h"\n')), 1)

    def test_a_folder_outside_the_law_is_found(self):
        self.assertEqual(len(self.problems_of("src/common/b.h", "")), 1)

    def test_a_link_up_the_house_is_found(self):
        self.write("src/server/CMakeLists.txt", "forge_library(forge_server DEPENDS forge_base)")
        upward = "forge_library(forge_base DEPENDS forge_server)"
        self.assertEqual(len(self.problems_of("src/base/CMakeLists.txt", upward)), 1)


class SizesTest(Tree):
    def measured(self, name, text):
        self.write(name, text)
        return list(check_sizes.measure(str(self.root), [name]))

    def test_a_long_file_is_found(self):
        self.assertEqual(self.measured("a.cpp", "int x;\n" * 601), [("a.cpp", 601, 600)])
        self.assertEqual(self.measured("a.cpp", "int x;\n" * 600), [])

    def test_a_long_header_is_found(self):
        self.assertEqual(len(self.measured("a.h", "int x;\n" * 201)), 1)

    def test_a_long_function_is_found_in_every_language(self):
        body = "  call(1);\n" * 80
        for name, text in {
            "a.cpp": 'namespace a {\nResult<int> Thing::work(int x) const {\n  say("}}}");\n' + body + "}\n}\n",
            "b.cpp": "class A {\n public:\n  A() : b_(1) {\n" + body + "  }\n};\n",
            "a.ts": "export class A {\n  work(x: number): void {\n" + body + "  }\n}\n",
            "a.py": "def work():\n" + "    call(1)\n" * 80,
        }.items():
            found = self.measured(name, text)
            self.assertEqual(len(found), 1, name)
            self.assertGreaterEqual(found[0][1], 80)

    def test_a_class_of_short_functions_is_not_a_long_function(self):
        self.assertEqual(self.measured("a.cpp", "class A {\n" + "  void f() { g(); }\n" * 150 + "};\n"), [])

    def test_an_exception_holds_up_to_its_lines(self):
        over = [("a.cpp", 700, 600)]
        self.assertEqual(list(check_sizes.problems(over, {"a.cpp": 700}, {"a.cpp": 700})), [])
        self.assertEqual(len(list(check_sizes.problems(over, {"a.cpp": 650}, {"a.cpp": 650}))), 1)

    def test_the_list_of_exceptions_may_only_shrink(self):
        over = [("a.cpp", 700, 600)]
        self.assertEqual(len(list(check_sizes.problems(over, {"a.cpp": 700}, {}))), 1)
        self.assertEqual(len(list(check_sizes.problems([], {"a.cpp": 700}, {"a.cpp": 700}))), 1)


class WordsTest(Tree):
    def problems_of(self, name, text):
        return list(check_words.check_text(name, text))

    def test_an_address_in_a_lock_file_is_found(self):
        line = '"resolved": "https://registry.example/a.tgz"'
        self.assertEqual(len(self.problems_of("web/package-lock.json", line)), 1)
        self.assertEqual(self.problems_of("web/package-lock.json", '"integrity": "sha512-abc"'), [])

    def test_a_requirement_needs_a_version_and_hashes(self):
        self.assertEqual(self.problems_of("tools/requirements.txt", "ruff==1 \\\n    --hash=sha256:00\n"), [])
        self.assertEqual(len(self.problems_of("tools/requirements.txt", "ruff==1\n")), 1)
        self.assertEqual(len(self.problems_of("tools/requirements.txt", "ruff>=1 --hash=sha256:00\n")), 1)

    def test_a_path_of_one_machine_is_found(self):
        self.assertEqual(len(self.problems_of("a.md", "see /home/" + "bob/forge/x")), 1)
        self.assertEqual(self.problems_of("a.md", "see /home/user/x"), [])

    def test_a_note_without_an_issue_is_found(self):
        self.assertEqual(len(self.problems_of("a.cpp", "// TO" + "DO: later")), 1)

    def test_documents_have_bounds_and_links_that_lead_somewhere(self):
        self.write("src/base/CMakeLists.txt", "")
        self.write("docs/decisions/0001-x.md", "line\n" * 41)
        self.write("README.md", "[gone](docs/gone.md) [there](src/base/CMakeLists.txt)")
        names = ["src/base/CMakeLists.txt", "docs/decisions/0001-x.md", "README.md"]
        self.assertEqual(len(list(check_words.check(self.root, names))), 3)
        self.write("src/base/README.md", "line\n" * 26)
        self.assertIn("over 25 lines", "\n".join(check_words.check(self.root, names)))


class CoroutinesTest(unittest.TestCase):
    def problems_of(self, text):
        return list(check_coroutines.check_text("a.h", text))

    def test_a_reference_to_a_temporary_is_found(self):
        self.assertEqual(len(self.problems_of("asio::awaitable<Result<int>> read(const std::string& name);")), 1)
        self.assertEqual(len(self.problems_of("awaitable<void> A::read(int x,\n  std::string&& name) {")), 1)
        self.assertEqual(len(self.problems_of("auto a = [](const std::string& x) -> asio::awaitable<void> {")), 1)

    def test_a_private_step_may_borrow(self):
        step = "  awaitable<void> step(const Request& request);\n"
        self.assertEqual(self.problems_of("class A {\n private:\n" + step + "};\n"), [])
        self.assertEqual(len(self.problems_of("class A {\n private:\n  int x;\n};\nstruct B {\n" + step + "};\n")), 1)
        self.assertEqual(len(self.problems_of("class A {\n private:\n  int x;\n};\n" + step)), 1)

    def test_a_lambda_that_captures_is_found(self):
        self.assertEqual(len(self.problems_of("co_spawn(x, [this, id]() -> asio::awaitable<void> { co_return; });")), 1)
        self.assertEqual(
            self.problems_of("co_spawn(x, [](Self self) -> asio::awaitable<void> { co_return; }(self));"), []
        )

    def test_values_services_and_plain_functions_pass(self):
        self.assertEqual(self.problems_of("awaitable<void> read(std::string name, Pool& pool);"), [])
        self.assertEqual(self.problems_of("std::function<awaitable<void>(std::string)> f; int g(const A& a);"), [])


class CountCasesTest(Tree):
    def test_skipped_cases_count_as_failed(self):
        case = '<testcase name="{}" classname="A" status="run" result="{}">{}</testcase>'
        cases = case.format("a", "completed", "") + case.format("b", "skipped", "")
        cases += case.format("c", "completed", "<failure/>")
        self.write("a.xml", f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
        self.assertEqual(count_cases.count(self.root), (1, ["A.b (skipped)", "A.c"]))


class OutsideToolsTest(Tree):
    """The programs that ./dev check calls, each given a violation and this project's settings."""

    def run_tool(self, *command):
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True).returncode

    def test_clang_format_finds_bad_layout(self):
        self.write(".clang-format", (TOOLS.parent / ".clang-format").read_text())
        self.write("a.cpp", "int   x ;\n")
        self.assertNotEqual(self.run_tool("clang-format-14", "--dry-run", "--Werror", "a.cpp"), 0)

    def test_clang_tidy_finds_a_use_after_move(self):
        self.write(".clang-tidy", (TOOLS.parent / ".clang-tidy").read_text())
        tidy = ("clang-tidy-16", "--quiet", "src/a.cpp", "--", "-std=c++20")
        self.write("src/a.cpp", MOVED)
        self.assertNotEqual(self.run_tool(*tidy), 0)
        self.write("src/a.cpp", MOVED.replace(" + text", ""))
        self.assertEqual(self.run_tool(*tidy), 0)

    def test_shellcheck_finds_an_unquoted_variable(self):
        self.write("a.sh", "#!/bin/bash\nrm $1\n")
        self.assertNotEqual(self.run_tool("shellcheck", "a.sh"), 0)

    def test_ruff_finds_an_unused_import(self):
        self.write("a.py", "import os\n")
        ruff = TOOLS.parent / "build/venv-check/bin/ruff"
        self.assertNotEqual(self.run_tool(ruff, "check", "--quiet", "--config", TOOLS / "ruff.toml", "a.py"), 0)


MOVED = """#include <string>
#include <utility>
std::string twice(std::string text) {
  std::string taken = std::move(text);
  return taken + text;
}
"""


if __name__ == "__main__":
    unittest.main()
