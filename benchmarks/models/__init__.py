"""The same models in Tenon and in its peers, trained and asked in turns: ``python -m benchmarks.models``.

What is measured stands in ``workloads``, who is measured in ``contenders``, how each framework does it in
``frameworks``. ``rounds`` lets the contenders' processes take turns, ``agreement`` refuses those that compute something
else, ``report`` and ``picture`` show what was found. Workers import only NumPy and their own framework.
"""
