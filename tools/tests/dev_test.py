"""The parts of ./dev that decide something, each by itself."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class DevTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.folder.chmod(0o755)
        self.addCleanup(shutil.rmtree, self.folder)
        os.symlink(ROOT / "tools", self.folder / "tools")

    def bash(self, script, **environment):
        """(exit code, output) of a script that has sourced ./dev's parts in a folder of its own."""
        kept = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        sourced = "set -euo pipefail; root=$PWD; . tools/dev_lib.sh; . tools/suites.sh; "
        ran = subprocess.run(
            ["bash", "-c", sourced + script],
            cwd=self.folder,
            capture_output=True,
            text=True,
            env={**kept, **environment},
        )
        return ran.returncode, ran.stdout + ran.stderr

    def counted(self, suite, log):
        (self.folder / "build/test").mkdir(parents=True, exist_ok=True)
        (self.folder / f"build/test/{suite}.log").write_text(log)
        script = f"summary_of {suite} > build/test/{suite}.summary || true; count {suite}"
        return self.bash(script)[1].strip()

    def test_an_unknown_command_shows_the_help_and_exits_with_2(self):
        ran = subprocess.run([ROOT / "dev", "nonsense"], capture_output=True, text=True)
        self.assertEqual(ran.returncode, 2)
        self.assertIn('no command "nonsense"', ran.stderr)
        self.assertIn("./dev up", ran.stderr)

    def test_an_unknown_suite_is_named_with_those_there_are(self):
        code, said = self.bash("run_suites nonsense")
        self.assertEqual(code, 1)
        self.assertIn("no suite nonsense; there are: tools unit", said)

    def test_the_runners_summaries_are_counted(self):
        self.assertEqual(self.counted("tools", "Ran 12 tests in 1s\n\nFAILED (failures=2, errors=1)\n"), "9 3")
        self.assertEqual(self.counted("tools", "Ran 12 tests in 1s\n\nOK\n"), "12 0")
        log = "50% tests passed, 1 tests failed out of 2\n40 cases passed, 2 failed\n"
        self.assertEqual(self.counted("unit", log), "40 2")
        log = " Test Files  2 passed (2)\n      \x1b[2mTests\x1b[22m  1 failed | 3 skipped | 20 passed (24)\n"
        self.assertEqual(self.counted("web", log), "20 4")
        self.assertEqual(self.counted("programs", "case 1 passed, fine\n300 passed, 1 failed\n"), "300 1")
        self.assertEqual(self.counted("e2e", "nothing\n"), "0 0")

    def test_a_suite_that_runs_nothing_fails(self):
        quiet = "prepare_e2e() { :; }; suite_e2e() { echo nothing; }; run_suites e2e"
        code, said = self.bash(quiet)
        self.assertEqual(code, 1)
        self.assertIn("no test ran", said)

    def test_a_suite_that_says_well_and_exits_badly_fails(self):
        code, said = self.bash(
            "prepare_e2e() { :; }; suite_e2e() { echo '3 passed, 0 failed'; false; }; run_suites e2e"
        )
        self.assertEqual(code, 1)
        self.assertIn("3 passed, 1 failed", said)
        code, said = self.bash("prepare_e2e() { :; }; suite_e2e() { echo '3 passed, 0 failed'; }; run_suites e2e")
        self.assertEqual(code, 0, said)

    def test_a_suite_whose_program_is_missing_fails(self):
        code, said = self.bash("run_suites contract")
        self.assertEqual(code, 1)
        self.assertIn("suite missing: tests/contract/run", said)

    def test_of_alternative_packages_one_is_enough(self):
        programs = self.folder / "programs"
        programs.mkdir()
        dpkg = programs / "dpkg-query"
        dpkg.write_text("#!/bin/bash\necho 'libboost1.83-dev installed'\necho 'cmake not-installed'\nexit 1\n")
        dpkg.chmod(0o755)
        code, said = self.bash("missing_packages build", PATH=f"{programs}:{os.environ['PATH']}")
        self.assertEqual(code, 0)
        self.assertNotIn("libboost1.81-dev|", said)
        self.assertIn("libboost-json1.81-dev|libboost-json1.83-dev", said)
        self.assertIn("cmake", said.split())

    def test_the_data_folder_is_that_of_the_environment_then_of_dotenv_then_var(self):
        print_it = 'choose_data_dir; echo "$FORGE_DATA_DIR"'
        self.assertEqual(self.bash(print_it)[1].strip(), str(self.folder / "var"))
        (self.folder / ".env").write_text(f"export FORGE_DATA_DIR='{self.folder}/theirs'\n")
        self.assertEqual(self.bash(print_it)[1].strip(), str(self.folder / "theirs"))
        given = str(self.folder / "given")
        self.assertEqual(self.bash(print_it, FORGE_DATA_DIR=given)[1].strip(), given)

    def test_a_folder_that_others_may_not_search_is_noticed(self):
        (self.folder / "closed/below").mkdir(parents=True)
        self.assertEqual(self.bash("reachable_by_all $PWD/closed/below")[0], 0)
        (self.folder / "closed").chmod(0o700)
        self.assertEqual(self.bash("reachable_by_all $PWD/closed/below")[0], 1)

    def test_a_step_that_fails_shows_the_end_of_its_log(self):
        code, said = self.bash("run_logged step 'doing it' bash -c 'echo the cause; exit 3'")
        self.assertEqual(code, 1)
        self.assertIn("the cause", said)
        self.assertIn("doing it failed", said)


if __name__ == "__main__":
    unittest.main()
