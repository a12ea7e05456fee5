import pandas as pd

sales = pd.DataFrame(
    {
        "Country": ["Germany", "United States", "Japan", "Brazil"],
        "Sales": [5000, 7200, 6100, 4800],
        "Profit": [1200, 2100, 1600, 900],
    }
)
sales.to_csv("global_sales.csv", index=False)
print("Wrote", len(sales), "countries.")
