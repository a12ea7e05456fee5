"""What shows only between runs: seeds, installed packages, shadowing files, learning, and how much memory all that takes."""

import base64
import hashlib
import io
import itertools
import zipfile

import harness

MEBIBYTE = 1 << 20
PLAIN_RSS_MAX = 15 * MEBIBYTE
numbers = itertools.count()


def program(code, stdin=(), files=None):
    return harness.Case("runs", code.split("\n")[0][:40], code.encode(), list(stdin), False, files or {})


class Account:
    """One home, kept between its runs."""

    def __init__(self, way=harness.Forked, **options):
        self.place = harness.Place(f"r{next(numbers)}")
        self.place.fill_home = lambda files: None
        self.way = way(self.place, **options)
        self.reference = harness.Reference(self.place)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.way.close()

    def run(self, code):
        return self.way.run(program(code))

    def output(self, code):
        result = self.run(code)
        assert result.end == "exit 0" and not result.stderr, result
        return result.stdout.decode()

    def as_python(self, code):
        """Its result, which is the reference's too."""
        expected = self.reference.run(program(code))
        actual = self.run(code)
        assert actual == expected, f"python: {expected}\nours: {actual}"
        return actual

    def write(self, name, text):
        path = self.place.outside(self.place.home) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


SEEDS = {
    "random": "import random; print(random.random())",
    "random instances": "import random; print(random.Random().random())",
    "numpy.random": "import numpy; print(numpy.random.rand())",
    "numpy.random generators": "import numpy; print(numpy.random.default_rng().random())",
    "scipy.stats": "import scipy.stats; print(scipy.stats.norm.rvs())",
    "uuid1": "import uuid; print(uuid.uuid1())",
    "uuid4": "import uuid; print(uuid.uuid4())",
    "tempfile": "import tempfile; print(tempfile.mktemp())",
    "secrets": "import secrets; print(secrets.token_hex())",
    "ssl": "import ssl; print(ssl.RAND_bytes(8))",
    "multiprocessing's key": "import multiprocessing as m; print(bytes(m.current_process().authkey))",
}


def seeds_differ(name, source=None):
    code = SEEDS[name]
    modules = [part.split()[0] for part in code.split("import ")[1:]]
    modules = [module.strip(";") for module in modules] + ["numpy.random"] * ("numpy" in code)
    with Account(preload=modules, source=source) as account:
        outputs = [account.output(code) for _ in range(3)]
        loaded = account.way.ready["modules"].split(",")
        assert set(modules) <= set(loaded), f"not preloaded: {set(modules).difference(loaded)}"
    assert len(set(outputs)) == 3, outputs


def wheel(name, version, code):
    """A wheel's bytes, made by hand."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    records = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        records.append(f"{path},sha256={digest},{len(text)}\n")
    files[f"{info}/RECORD"] = "".join(records) + f"{info}/RECORD,,\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return out.getvalue()


PIP = (
    "import subprocess, sys\n"
    "sys.exit(subprocess.run([sys.executable, '-m', 'pip', 'install', '--user', '--quiet', '--no-index', "
    "'--disable-pip-version-check', '--no-warn-script-location', '--root-user-action=ignore', %r]).returncode)"
)


def installed_package_is_imported_by_the_next_run():
    with Account(preload=["json"]) as account:
        assert "ModuleNotFoundError" in account.as_python("import bananas").stderr.decode()
        for version in ("1.0", "2.0"):
            name = f"bananas-{version}-py3-none-any.whl"
            account.write(name, wheel("bananas", version, f"ripeness = '{version}'\n"))
            account.output(PIP % f"./{name}")
            assert account.output("import bananas; print(bananas.ripeness)") == version + "\n"


def installed_package_shadows_what_was_preloaded():
    """The person's own version of a package that the image has."""
    with Account(preload=["joblib"]) as account:
        account.output("import joblib")
        name = "joblib-99.0-py3-none-any.whl"
        account.write(name, wheel("joblib", "99.0", "version = 'mine'\n"))
        account.output(PIP % f"./{name}")
        assert account.output("import joblib; print(joblib.version)") == "mine\n"


def shadowing_file_is_picked_up_and_let_go():
    with Account(preload=["random", "json"]) as account:
        code = "import random; print(random.__file__.rsplit('/', 1)[0])"
        library = account.as_python(code).stdout
        account.output("open('random.py', 'w').write('x = 1')")
        assert account.as_python(code).stdout != library
        account.output("import os; os.remove('random.py')")
        assert account.output(code) == library.decode()


def other_files_in_the_home_cost_nothing():
    with Account(preload=["random", "json"]) as account:
        account.output("open('data.csv', 'w').write('x'); open('tool.py', 'w').write('y = 5')")
        assert account.output("import tool; print(tool.y)") == "5\n"
        assert account.way.restarts == 0


def user_site(account):
    return account.output("import site; print(site.USER_SITE)").strip().removeprefix(account.place.home + "/")


def startup_code_runs_in_every_run(name, text):
    with Account(preload=["json"]) as account:
        account.write(f"{user_site(account)}/{name}", text)
        for _ in range(2):
            result = account.as_python("print('program'); import sys; print(sys.argv, len(sys.modules) > 30); 1 / 0")
            assert result.stdout.startswith(b"startup\n"), result
        for code in (
            "import os; print(os.listdir('/proc/self/fd'))",
            "import sys; sys.exit('x')",
            "raise KeyboardInterrupt",
        ):
            account.as_python(code)
        long = account.run("#" * 200_000 + "\nprint('long')")
        assert long.stdout.endswith(b"long\n"), long


def pth_folder_is_on_the_path():
    with Account(preload=["json"]) as account:
        account.write("lib/pears.py", "x = 7\n")
        account.write(f"{user_site(account)}/lib.pth", account.place.home + "/lib\n")
        assert account.as_python("import pears; print(pears.x)").stdout == b"7\n"


def imports_are_learned_and_then_preloaded():
    with Account() as account:
        account.output("import pandas, json")
        account.output("pass")
        learned = account.way.learned
    assert {"pandas", "numpy", "json"} <= learned, learned
    with Account(preload=sorted(learned)) as account:
        assert "pandas" in account.output("import sys; print([m for m in sys.modules if m == 'pandas'])")
        assert "numpy" in account.way.ready["modules"].split(",")


def the_memory_bound_is_kept():
    with Account(preload=["json", "numpy", "pandas"], memory_max=4) as account:
        account.output("import json")
        assert account.way.ready["modules"] == "", account.way.ready


def modules_that_are_not_safe_are_not_preloaded():
    with Account(preload=["antigravity", "this", "no_such_module", "json"]) as account:
        account.output("pass")
        assert account.way.ready["modules"].split(",").count("json") == 1, account.way.ready
        assert "this" not in account.output("import sys; print(sorted(sys.modules))").split("'")


def a_plain_fork_server_is_small():
    with Account() as account:
        account.output("print(1)")
        assert account.way.rss_bytes() < PLAIN_RSS_MAX, account.way.rss_bytes()


SCIENCE = {
    "dot products in threads": """
import numpy, threading
a = numpy.ones((300, 300)); out = []
def work(): out.append(float((a @ a).sum()))
ts = [threading.Thread(target=work) for _ in range(4)]
[t.start() for t in ts]; [t.join() for t in ts]; print(out)""",
    "linear algebra": """
import numpy
print(numpy.linalg.solve([[3., 1.], [1., 2.]], [9., 8.]), numpy.linalg.svd(numpy.eye(200))[1].sum())""",
    "a frame to a file and back": """
import pandas
pandas.DataFrame({"product": ["a", "b", "c"], "sales": [1200, 3400, 5600]}).to_csv("sales.csv", index=False)
f = pandas.read_csv("sales.csv"); print(f); print(f["sales"].sum()); print(f.describe())""",
    "an error inside pandas": """
import pandas
try: pandas.DataFrame({"a": [1]})["b"]
except KeyError as error: print(repr(error))""",
    "warnings of numpy": """
import numpy
print(numpy.array([1.0]) / 0)""",
    "seeded numbers": """
import numpy
numpy.random.seed(1); print(numpy.random.rand(3), numpy.random.default_rng(2).integers(0, 10, 5))""",
    "a plot in a file": """
import matplotlib.pyplot as plt, os
plt.plot([1, 2, 3]); plt.savefig("plot.png"); print(os.path.getsize("plot.png") > 1000, plt.get_backend())""",
    "another backend": """
import matplotlib
matplotlib.use("svg")
import matplotlib.pyplot as plt
plt.plot([1]); plt.savefig("plot.svg"); print(plt.get_backend(), plt.get_fignums())""",
    "a regression": """
from sklearn.linear_model import LinearRegression
print(LinearRegression().fit([[1], [2], [3]], [2, 4, 6]).predict([[4]]).round(6))""",
    "a forest in parallel": """
from sklearn.ensemble import RandomForestClassifier
from sklearn.datasets import load_iris
x, y = load_iris(return_X_y=True)
print(RandomForestClassifier(10, n_jobs=2, random_state=0).fit(x, y).score(x, y).round(3))""",
    "clusters by OpenMP": """
from sklearn.cluster import KMeans
import numpy
x = numpy.array([[0, 0], [0, 1], [9, 9], [9, 8]], float)
print(sorted(KMeans(2, n_init=2, random_state=0).fit(x).cluster_centers_.tolist()))""",
    "numpy in a pool of processes": """
import multiprocessing, numpy
def f(n): return float(numpy.ones((n, n)).dot(numpy.ones((n, n))).sum())
with multiprocessing.Pool(2) as pool: print(pool.map(f, [10, 100, 200]))""",
    "numpy in a forked child": """
import numpy, os
pid = os.fork()
if pid: os.waitpid(pid, 0)  # their lines must not mix
print(numpy.ones((200, 200)).dot(numpy.ones((200, 200))).sum())""",
    "scipy": """
import scipy.optimize, scipy.stats
print(round(float(scipy.optimize.brentq(lambda x: x * x - 2, 0, 2)), 9), scipy.stats.norm.cdf(0))""",
    "finalizers with arrays": """
import numpy
class Loud:
    def __del__(self): print("gone", self.a.shape)
loud = Loud(); loud.a = numpy.arange(5)""",
    "pillow": """
from PIL import Image
Image.new("RGB", (4, 4), "red").save("red.png"); print(Image.open("red.png").getpixel((1, 1)))""",
    "exit with a frame alive": """
import pandas, sys
f = pandas.DataFrame({"a": range(100000)}); sys.exit(7)""",
}
SCIENCE_MODULES = [
    *("numpy", "pandas", "matplotlib.pyplot", "sklearn.linear_model", "sklearn.ensemble", "sklearn.datasets"),
    *("sklearn.cluster", "scipy.optimize", "scipy.stats", "PIL.Image", "multiprocessing"),
]


def science_runs_as_by_python():
    with Account(preload=SCIENCE_MODULES) as account:
        for name, code in SCIENCE.items():
            try:
                account.as_python(code.lstrip("\n"))
            except AssertionError as error:
                raise AssertionError(f"{name}: {error}") from error
        missing = set(SCIENCE_MODULES) - set(account.way.ready["modules"].split(","))
        assert not missing, f"not preloaded: {missing}"
        assert account.way.restarts == 0


def every_safe_module_of_the_image_can_be_preloaded():
    namespace = {"__name__": "read"}
    source = harness.FORK_SERVER.read_text()
    begin = source.index("SAFE_MODULES = ")
    exec(source[begin : source.index("\n)\n", begin) + 3], namespace)
    safe = sorted(namespace["SAFE_MODULES"])
    with Account(preload=safe) as account:
        # It may have started over without some; whichever it still has, a run has one thread and says nothing.
        assert account.output("import os; print(len(os.listdir('/proc/self/task')))") == "1\n"
        at_start = account.output(f"import sys; print(*[m for m in {safe!r} if m in sys.modules])").split()
        assert set(safe) <= set(at_start), set(safe) - set(at_start)


def the_agent_learns_and_reloads():
    with Account(way=harness.ByAgent) as account:
        account.output("import pandas")
        account.way.wait_until_preloaded("pandas")
        assert account.output("import sys; print('pandas' in sys.modules)") == "True\n"
        account.output("open('statistics.py', 'w').write('mine = 1')")
        assert account.output("import statistics; print(statistics.mine)") == "1\n"


def steps():
    named = [
        installed_package_is_imported_by_the_next_run,
        installed_package_shadows_what_was_preloaded,
        shadowing_file_is_picked_up_and_let_go,
        other_files_in_the_home_cost_nothing,
        pth_folder_is_on_the_path,
        imports_are_learned_and_then_preloaded,
        the_memory_bound_is_kept,
        modules_that_are_not_safe_are_not_preloaded,
        a_plain_fork_server_is_small,
        science_runs_as_by_python,
        every_safe_module_of_the_image_can_be_preloaded,
        the_agent_learns_and_reloads,
    ]
    steps = [(step.__name__.replace("_", " "), step) for step in named]
    steps += [(f"{name} differs between runs", lambda name=name: seeds_differ(name)) for name in SEEDS]
    startup = {
        "usercustomize.py": "print('startup')\n",
        "start.pth": "import sys; print('startup')\n",
    }
    for name, text in startup.items():
        steps.append((f"{name} runs in every run", lambda n=name, t=text: startup_code_runs_in_every_run(n, t)))
    return steps
