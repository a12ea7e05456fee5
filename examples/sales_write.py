import os

import pandas as pd

sales = pd.DataFrame(
    {
        "month": ["January", "February", "March"],
        "sales": [1200, 3400, 5600],
    }
)
sales.to_csv("sales.csv", index=False)

print("Files here:")
for name in sorted(os.listdir(".")):
    if name.startswith("sales"):
        print(" ", name)
