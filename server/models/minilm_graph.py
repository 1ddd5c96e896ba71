"""all-MiniLM-L6-v2 as an ONNX graph with int8 weights, made from the published safetensors file.

A BERT encoder: 6 layers, 12 heads, 384 wide, GELU, normalised after each part (config.json tells).
The graph ends with mean pooling and L2 normalisation, so that its output is the sentence vector itself.

Weights are int8 with one scale per output channel, activations are quantised while running: two thirds of the
time and a quarter of the memory of float32. One scale per tensor instead loses the ranking.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from server.models.onnx_graph import MICROSOFT, GraphBuilder

_LAYERS, _HEADS, _WIDTH = 6, 12, 384
_EPSILON = 1e-12

_WEIGHT_RANGE = 127

Weights = dict[str, NDArray[np.float32]]


def read_weights(path: Path) -> Weights:
    """The float32 tensors of a safetensors file, mapped: 8 bytes of header length, JSON header, data."""
    data = np.memmap(path, np.uint8, "r")
    start = 8 + int.from_bytes(data[:8].tobytes(), "little")
    header = json.loads(data[8:start].tobytes())
    return {
        name: _tensor(data[start:], about["data_offsets"], about["shape"])
        for name, about in header.items()
        if about.get("dtype") == "F32"
    }


def build_model(weights: Weights) -> bytes:
    """The serialised model, about 23 MB.

    Inputs `input_ids` and `attention_mask`: int64 (texts, tokens). Output `embedding`: float32 (texts, 384).
    """
    graph = _Graph(weights)
    mask = graph.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    hidden = _embed_tokens(graph)
    key_mask = graph.node("Cast", ["attention_mask"], to=TensorProto.INT32)
    for layer in range(_LAYERS):
        prefix = f"encoder.layer.{layer}."
        hidden = _attend(graph, prefix + "attention.", hidden, key_mask)
        hidden = _feed_forward(graph, prefix, hidden)
    _pool(graph, hidden, mask)
    shape: list[Any] = ["texts", "tokens"]
    return graph.serialise(
        "all-MiniLM-L6-v2",
        dict.fromkeys(("input_ids", "attention_mask"), (int(TensorProto.INT64), shape)),
        {"embedding": ["texts", _WIDTH]},
    )


class _Graph(GraphBuilder):
    """Adds what is made of the weights."""

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        self._weights = weights

    def tensor(self, key: str) -> NDArray[np.float32]:
        return self._weights[key]

    def weight(self, key: str) -> str:
        return self.constant(key, self.tensor(key))

    def linear(self, keys: list[str], value: str) -> str:
        """value @ weight.T + bias with int8 weights; the outputs of several keys side by side."""
        quantised, scale = _quantise(np.concatenate([self.tensor(f"{key}.weight") for key in keys]))
        bias = np.concatenate([self.tensor(f"{key}.bias") for key in keys])
        inputs = [
            value,
            self.constant(f"{keys[0]}.int8", quantised.T),
            self.constant(f"{keys[0]}.scale", scale[:, 0]),
            self.constant(f"{keys[0]}.zero", np.zeros(len(scale), np.int8)),
            self.constant(f"{keys[0]}.bias", bias),
        ]
        return self.node("DynamicQuantizeMatMul", inputs, domain=MICROSOFT)

    def layer_norm(self, key: str, value: str) -> str:
        inputs = [value, self.weight(f"{key}.weight"), self.weight(f"{key}.bias")]
        return self.node("LayerNormalization", inputs, axis=-1, epsilon=_EPSILON)


def _tensor(data: NDArray[np.uint8], offsets: list[int], shape: list[int]) -> NDArray[np.float32]:
    return data[offsets[0] : offsets[1]].view(np.float32).reshape(shape)


def _quantise(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Int8 rows and their scales, shape (rows, 1)."""
    scale = np.abs(weight).max(axis=1, keepdims=True) / _WEIGHT_RANGE
    return np.rint(weight / scale).astype(np.int8), scale.astype(np.float32)


def _embed_tokens(graph: _Graph) -> str:
    """Word + position + segment 0, normalised: (texts, tokens, 384)."""
    words, scale = _quantise(graph.tensor("embeddings.word_embeddings.weight"))
    rows = graph.node("Gather", [graph.constant("words.int8", words), "input_ids"])
    scales = graph.node("Gather", [graph.constant("words.scale", scale), "input_ids"])
    word = graph.node("Mul", [graph.node("Cast", [rows], to=TensorProto.FLOAT), scales])
    tokens = graph.node("Shape", ["input_ids"], start=1, end=2)
    positions = graph.weight("embeddings.position_embeddings.weight")
    position = graph.node("Slice", [positions, graph.integers(0), tokens, graph.integers(0)])
    segment = graph.constant("segment", graph.tensor("embeddings.token_type_embeddings.weight")[0])
    total = graph.node("Add", [graph.node("Add", [word, position]), segment])
    return graph.layer_norm("embeddings.LayerNorm", total)


def _attend(graph: _Graph, prefix: str, hidden: str, mask: str) -> str:
    """Query, key and value come from one product: the activations are quantised once for the three."""
    triple = graph.linear([f"{prefix}self.{part}" for part in ("query", "key", "value")], hidden)
    parts = graph.split(triple, 3)
    context = graph.node("MultiHeadAttention", [*parts, "", mask], domain=MICROSOFT, num_heads=_HEADS)
    output = graph.linear([f"{prefix}output.dense"], context)
    return graph.layer_norm(f"{prefix}output.LayerNorm", graph.node("Add", [output, hidden]))


def _feed_forward(graph: _Graph, prefix: str, hidden: str) -> str:
    inner = graph.node("Gelu", [graph.linear([f"{prefix}intermediate.dense"], hidden)])
    output = graph.linear([f"{prefix}output.dense"], inner)
    return graph.layer_norm(f"{prefix}output.LayerNorm", graph.node("Add", [output, hidden]))


def _pool(graph: _Graph, hidden: str, mask: str) -> None:
    """The sum over a text's tokens, divided by its length as a vector: the mean's own divisor cancels out."""
    masked = graph.node("Mul", [hidden, graph.node("Unsqueeze", [mask, graph.integers(-1)])])
    total = graph.node("ReduceSum", [masked, graph.integers(1)], keepdims=0)
    length = graph.node("ReduceL2", [total, graph.integers(1)], keepdims=1)
    graph.node("Div", [total, length], output="embedding")
