/** What a new account finds in its editor. */
export const WELCOME = `# This runs in a sandbox of your own. Files that you write here stay.
import sys

name = input("What is your name? ")
print(f"Hello, {name}! This is Python {sys.version.split()[0]}.")
`;
