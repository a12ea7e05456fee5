import pandas as pd

sales = pd.read_csv("global_sales.csv")
print(sales)
print("Total Sales:", sales["Sales"].sum())
print("Total Profit:", sales["Profit"].sum())
