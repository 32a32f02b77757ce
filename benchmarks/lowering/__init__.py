"""Operations by the lowering rules of ``tenon.xla`` beside their plain forms: ``python -m benchmarks.lowering``.

``cases`` says what a case is, ``convolutions`` and ``others`` list them, ``forms`` measures.
"""
