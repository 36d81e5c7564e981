"""`silif-score`: many recordings on many cores and machines, with Ray. docs/CLUSTER.md"""
