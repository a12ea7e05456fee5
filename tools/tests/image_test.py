"""deploy/image/build.sh and the roots that it replaces. What fills a root is played here; mounts are real."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# As root, or as what stands for it in a user namespace.
AS_ROOT = [] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user"]

MMDEBSTRAP = """#!/bin/sh
echo "forge: filling it"
while [ "$1" != bookworm ]; do shift; done
mkdir "$2" && echo "$CONTENT" > "$2/content"
[ "$CONTENT" != broken ]
"""
SANDBOX = 'mount --bind "$1" "$2" && echo ready && read _ && cat "$2/content" && read _'


class ImageTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(ROOT / "deploy/image", self.folder / "recipe")
        self.out = self.folder / "out"
        self.out.mkdir()
        bin_dir = self.folder / "bin"
        bin_dir.mkdir()
        for name, script in {"mmdebstrap": MMDEBSTRAP, "chroot": "#!/bin/sh\n"}.items():
            (bin_dir / name).write_text(script)
            (bin_dir / name).chmod(0o755)

    def build(self, content):
        """(exit code, output) of a build whose recipe and root are this."""
        (self.folder / "recipe/packages.txt").write_text(f"# {content}\n")
        environment = {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "CONTENT": content}
        command = [*AS_ROOT, self.folder / "recipe/build.sh", self.out]
        ran = subprocess.run(command, capture_output=True, text=True, env=environment)
        return ran.returncode, ran.stdout + ran.stderr

    def content(self):
        return (self.out / "rootfs/content").read_text()

    def roots(self):
        return sorted(path.name for path in self.out.iterdir() if path.is_dir())

    def sandbox(self):
        """A process in whose mount namespace the root of now is mounted."""
        mount_point = self.folder / "mnt"
        mount_point.mkdir()
        command = [*AS_ROOT, "unshare", "--mount", "sh", "-c", SANDBOX, "sh", self.out / "rootfs", mount_point]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def test_a_root_goes_only_when_no_sandbox_runs_on_it(self):
        (self.out / "rootfs").mkdir()
        (self.out / "rootfs/content").write_text("before\n")
        sandbox = self.sandbox()
        self.assertEqual(self.build("first")[0], 0)
        self.assertEqual(self.content(), "first\n")
        self.assertEqual(self.build("second")[0], 0)
        self.assertEqual(self.content(), "second\n")
        self.assertEqual(len(self.roots()), 2)
        sandbox.stdin.write("\n")
        sandbox.stdin.flush()
        self.assertEqual(sandbox.stdout.readline(), "before\n")
        sandbox.communicate("\n")
        code, said = self.build("second")
        self.assertEqual(code, 0)
        self.assertIn("up to date", said)
        self.assertEqual(self.roots(), ["rootfs"])

    def test_a_build_that_fails_changes_nothing(self):
        self.assertEqual(self.build("first")[0], 0)
        code, said = self.build("broken")
        self.assertEqual(code, 1)
        self.assertIn("this step failed", said)
        self.assertEqual(self.content(), "first\n")
        self.assertEqual(self.build("first")[0], 0)
        self.assertEqual(self.roots(), ["rootfs"])

    def test_dev_builds_again_while_an_old_root_is_left(self):
        script = """set -euo pipefail; . tools/dev_lib.sh; FORGE_IMAGE_DIR=$PWD/out
        mkdir -p deploy/image build out/rootfs; echo > deploy/image/build.sh; image_stamp > build/image.stamp
        image_is_current && touch out/rootfs.stamp && image_is_current && echo current
        mkdir out/rootfs.1; image_is_current || echo not current"""
        os.symlink(ROOT / "tools", self.folder / "tools")
        ran = subprocess.run(["bash", "-c", script], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(ran.stdout, "current\nnot current\n", ran.stderr)


if __name__ == "__main__":
    unittest.main()
