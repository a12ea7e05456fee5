import pandas as pd

sales = pd.read_csv("sales.csv")
print(sales)
print("Sum:", sales["sales"].sum())
