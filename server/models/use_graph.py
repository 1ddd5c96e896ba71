"""Universal Sentence Encoder, multilingual v3, as an ONNX graph made from the package's weights.

A word is its own vector beside what three convolutions, over 2, 3 and 5 neighbours and two deep each, make of it. The
words of a text are summed, divided by the root of their number and taken through a residual network.

Float32: a query's products are too small to gain from int8. The table of word pieces stays outside, as bytes that
are mapped and not read.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from server.models.onnx_graph import GraphBuilder

DIMENSIONS = 512

_BRANCHES = ((2, 0), (3, 1), (5, 2))  # neighbours in all, and those before the word
_EPSILON = 1e-12

Weights = dict[str, NDArray[Any]]


def build_model(weights: Weights) -> bytes:
    """The serialised model, 13 MB.

    Inputs `words`: float32 (texts, tokens, 512), zero after a text's end; `mask`: float32 (texts, tokens). Output
    `embedding`: float32 (texts, 512).
    """
    graph = _Graph(weights)
    mask = graph.node("Unsqueeze", ["mask", graph.integers(-1)])
    features = graph.node("Concat", ["words", *_branches(graph, mask)], axis=-1)
    features = graph.layer_norm("ln_g", "ln_b", features, axis=-1)
    total = graph.node("ReduceSum", [graph.node("Mul", [features, mask]), graph.integers(1)], keepdims=0)
    count = graph.node("ReduceSum", ["mask", graph.integers(1)], keepdims=1)
    mean = graph.node("Add", [graph.product(total, "cnn_W"), graph.node("Mul", [count, graph.weight("cnn_b")])])
    _dense(graph, graph.node("Div", [mean, graph.node("Sqrt", [count])]))
    shape: list[Any] = ["texts", "tokens"]
    inputs = {"words": (int(TensorProto.FLOAT), [*shape, DIMENSIONS]), "mask": (int(TensorProto.FLOAT), shape)}
    return graph.serialise("universal-sentence-encoder-multilingual-3", inputs, {"embedding": ["texts", DIMENSIONS]})


class _Graph(GraphBuilder):
    """Adds what is made of the weights."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self.weights = weights

    def weight(self, key: str) -> str:
        return self.constant(key, self.weights[key].astype(np.float32))

    def product(self, value: str, key: str) -> str:
        return self.node("MatMul", [value, self.weight(key)])

    def layer_norm(self, scale: str, shift: str, value: str, axis: int) -> str:
        inputs = [value, self.weight(scale), self.weight(shift)]
        return self.node("LayerNormalization", inputs, axis=axis, epsilon=_EPSILON)

    def convolution(self, value: str, weight: str, bias: str, neighbours: int, before: int) -> str:
        """Over `value` (texts, channels, tokens); the weights lie as rows neighbour by neighbour."""
        kernel = self.weights[weight].reshape(neighbours, -1, self.weights[weight].shape[1]).transpose(2, 1, 0)
        inputs = [value, self.constant(weight, kernel.astype(np.float32)), self.weight(bias)]
        return self.node("Relu", [self.node("Conv", inputs, pads=[before, neighbours - 1 - before])])


def _branches(graph: _Graph, mask: str) -> list[str]:
    """What the convolutions make of the words: three times (texts, tokens, 256). The three share one normalisation."""
    weights, orders = graph.weights, [order for order, _ in _BRANCHES]
    joined = (("proj", "proj", 1), ("proj_b", "proj_b", 0), ("branches_g", "ln_g", 0), ("branches_b", "ln_b", 0))
    for name, part, axis in joined:
        weights[name] = np.concatenate([weights[f"{part}{order}"] for order in orders], axis=axis)
    projected = graph.node("Add", [graph.product("words", "proj"), graph.weight("proj_b")])
    start = graph.node("Mul", [graph.layer_norm("branches_g", "branches_b", projected, axis=-1), mask])
    turned = graph.node("Transpose", [start], perm=[0, 2, 1])
    flat_mask = graph.node("Unsqueeze", ["mask", graph.integers(1)])
    found = []
    for value, (order, before) in zip(graph.split(turned, len(_BRANCHES), axis=1), _BRANCHES, strict=True):
        for layer in (1, 2):
            changed = graph.convolution(value, f"w{layer}_{order}", f"b{layer}_{order}", order, before)
            value = graph.node("Mul", [graph.node("Add", [changed, value]), flat_mask])
        found.append(graph.node("Transpose", [value], perm=[0, 2, 1]))
    return found


def _dense(graph: _Graph, mean: str) -> None:
    first = graph.node("Relu", [graph.product(mean, "d0")])
    second = graph.node("Relu", [graph.node("Add", [graph.product(mean, "p1"), graph.product(first, "d1")])])
    third = graph.node("Relu", [graph.product(second, "d2")])
    last = graph.node("Add", [graph.product(second, "p3"), graph.product(third, "d3")])
    value = graph.node("Tanh", [last])
    length = graph.node("ReduceL2", [value, graph.integers(1)], keepdims=1)
    graph.node("Div", [value, length], output="embedding")
