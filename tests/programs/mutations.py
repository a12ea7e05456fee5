def steps(cases): return []
