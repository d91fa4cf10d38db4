"""Records inputs and outputs of PyTorch and Keras recurrent layers, so that `unroll verify` can check a port of them.

    import torch
    from record import Recorder

    lstm = torch.nn.LSTM(8, 16, num_layers=2, batch_first=True)
    lstm.load_state_dict(torch.load("lstm.pt"))

    with Recorder("cases") as cases:                                   # writes cases/manifest.json at the end
        cases.torch("one sentence", lstm, torch.randn(1, 12, 8))
        cases.torch("with a state", lstm, torch.randn(3, 5, 8), state=(torch.randn(2, 3, 16), torch.randn(2, 3, 16)))
        cases.torch("padded rows", lstm, torch.randn(3, 5, 8), lengths=[5, 2, 4])

Then: `unroll verify cases/manifest.json`. Use a folder for PyTorch cases and another for Keras ones.

What it records: modules `torch.nn.RNN/LSTM/GRU` and `RNNCell/LSTMCell/GRUCell` (stepped over the first axis of the
input), and Keras layers `SimpleRNN/LSTM/GRU`, alone or in `Bidirectional`. Each case is computed in float32 as it is and
in float64 (`f64.` names) from the same weights and inputs; the check compares with float64. Modules run in eval mode.
Needs numpy and torch or keras 3, nothing else. The form of the files: `fixtures/README.md` in the Unroll repository.
"""

import copy
import json
import os
import re

import numpy as np

_TYPES = {"float64": "F64", "float32": "F32", "int64": "I64", "int32": "I32", "uint8": "U8", "bool": "BOOL"}


def write_safetensors(path, tensors):
    """Writes numpy arrays by name: header length, JSON header, data by falling item size so that each is aligned."""
    arrays = {name: np.asarray(value, order="C") for name, value in tensors.items()}
    names = sorted(arrays, key=lambda name: -arrays[name].itemsize)
    header, end = {}, 0
    for name in names:
        array = arrays[name]
        header[name] = {"dtype": _TYPES[array.dtype.name], "shape": list(array.shape), "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            array = arrays[name]
            file.write(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return {name: {"dtype": _TYPES[array.dtype.name], "shape": list(array.shape)} for name, array in arrays.items()}


class Recorder:
    """Collects cases in a folder. Use as a context manager, or call `close()`."""

    def __init__(self, folder):
        self.folder = folder
        self.cases = []
        self.about = {}
        os.makedirs(folder, exist_ok=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.close()

    def close(self):
        """Writes manifest.json."""
        with open(os.path.join(self.folder, "manifest.json"), "w") as file:
            json.dump({**self.about, "count": len(self.cases), "cases": self.cases}, file, indent=1)

    def _add(self, name, about, tensors):
        file = re.sub(r"[^A-Za-z0-9_.-]+", "_", f"{len(self.cases):03d}_{name}") + ".safetensors"
        kept = write_safetensors(os.path.join(self.folder, file), tensors)
        self.cases.append({"name": name, "file": file, **about, "tensors": kept})

    def torch(self, name, module, input, state=None, lengths=None):
        """Records a recurrent torch module or cell.

        input: as the module takes it; for a cell [steps, (batch,) input_size]. Padded when `lengths` is given.
        state: h0, or (h0, c0) for an LSTM; zeros if not given.
        lengths: real steps of each row, at least 1, in any order: the rows are run as a PackedSequence.
        """
        import torch

        kind = type(module).__name__
        kinds = ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell")
        if kind not in kinds:
            raise TypeError(f"recorder: expected one of torch.nn.{', '.join(kinds)}, got {kind}; record its recurrent parts one by one")
        cell, lstm = kind.endswith("Cell"), kind.startswith("LSTM")
        if cell and lengths is not None:
            raise ValueError("recorder: expected no lengths for a cell; a cell takes one step at a time")
        state = None if state is None else tuple(state) if isinstance(state, (tuple, list)) else (state,)
        module = copy.deepcopy(module).cpu().float().eval()
        input = input.detach().cpu().float()
        state = state and tuple(part.detach().cpu().float() for part in state)

        def run(dtype):
            own = copy.deepcopy(module).to(dtype)
            hidden = state and tuple(part.to(dtype) for part in state)
            hidden = hidden if lstm or hidden is None else hidden[0]
            x = input.to(dtype)
            with torch.no_grad():
                if cell:
                    hs, cs = [], []
                    for step in x:
                        hidden = own(step, hidden)
                        hs.append(hidden[0] if lstm else hidden)
                        cs.append(hidden[1] if lstm else None)
                    made = {"output": torch.stack(hs), "h_n": hs[-1]}
                    return {**made, "c_seq": torch.stack(cs), "c_n": cs[-1]} if lstm else made
                if lengths is not None:
                    total = x.shape[1 if own.batch_first else 0]
                    packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths), batch_first=own.batch_first, enforce_sorted=False)
                    out, hidden = own(packed, hidden)
                    out, _ = torch.nn.utils.rnn.pad_packed_sequence(out, batch_first=own.batch_first, total_length=total)
                else:
                    out, hidden = own(x, hidden)
            return {"output": out, "h_n": hidden[0], "c_n": hidden[1]} if lstm else {"output": out, "h_n": hidden}

        single, double = run(torch.float32), run(torch.float64)
        tensors = {key: value.detach().numpy() for key, value in module.state_dict().items()}
        tensors["input"] = input.numpy()
        tensors.update({key: part.numpy() for key, part in zip(("h0", "c0"), state or ())})
        tensors.update({key: value.numpy() for key, value in single.items()})
        tensors.update({f"f64.{key}": value.numpy() for key, value in double.items()})

        unbatched = input.dim() == 2
        time = 0 if cell or unbatched or not module.batch_first else 1
        args = {"input_size": module.input_size, "hidden_size": module.hidden_size, "bias": bool(module.bias)}
        if not cell:
            args.update(num_layers=module.num_layers, batch_first=module.batch_first, dropout=float(module.dropout), bidirectional=module.bidirectional)
        if kind in ("RNN", "RNNCell"):
            args["nonlinearity"] = module.nonlinearity
        if kind == "LSTM":
            args["proj_size"] = module.proj_size
        self.about["torch"] = torch.__version__
        self._add(name, {
            "type": "cell" if cell else "module", "module": f"torch.nn.{kind}", "args": args,
            "batch": 0 if unbatched else input.shape[1 - time], "steps" if cell else "seq_len": input.shape[time],
            "unbatched": unbatched, "state_given": state is not None, "lengths": None if lengths is None else [int(n) for n in lengths],
            "gradients": False,
            "f32_max_abs_error": {key: float((value.double() - double[key]).abs().max()) for key, value in single.items()},
        }, tensors)

    def keras(self, name, layer, inputs, masks=None, initial_state=None):
        """Records a built Keras 3 layer: SimpleRNN, LSTM or GRU, alone or in Bidirectional.

        inputs: [batch, time, features], or a list of them for a stateful layer called several times.
        masks: bool [batch, time], or a list; None for no mask.
        initial_state: list of [batch, units] for the first call: h then c, forward then backward.
        """
        import keras

        inputs = [np.asarray(x, np.float32) for x in (inputs if isinstance(inputs, (list, tuple)) else [inputs])]
        masks = masks if isinstance(masks, (list, tuple)) else [masks] * len(inputs)
        both = isinstance(layer, keras.layers.Bidirectional)
        inner = layer.forward_layer if both else layer
        if type(inner).__name__ not in ("SimpleRNN", "LSTM", "GRU"):
            raise TypeError(f"recorder: expected SimpleRNN, LSTM or GRU, alone or in Bidirectional, got {type(inner).__name__}; record its recurrent parts one by one")
        weights = [np.asarray(w, np.float32) for w in layer.get_weights()]

        def run(dtype):
            config = layer.get_config()
            if both:
                for way in ("layer", "backward_layer"):
                    if way in config:
                        config[way]["config"]["dtype"] = dtype
            own = type(layer).from_config({**config, "dtype": dtype})
            own.build(inputs[0].shape)
            own.set_weights([w.astype(dtype) for w in weights])
            results = []
            for k, x in enumerate(inputs):
                state = [np.asarray(part, dtype) for part in initial_state] if initial_state is not None and k == 0 else None
                out = own(x.astype(dtype), initial_state=state, mask=None if masks[k] is None else np.asarray(masks[k], bool))
                out = list(out) if isinstance(out, (list, tuple)) else [out]
                results.append([keras.ops.convert_to_numpy(one) for one in out])
            return results

        single, double = run("float32"), run("float64")
        merge = layer.merge_mode if both else None
        names = ["kernel", "recurrent_kernel", "bias"][: len(weights) // (2 if both else 1)]
        names = [f"{way}.{n}" for way in ("forward", "backward") for n in names] if both else names
        outputs = ["output.forward", "output.backward"] if both and merge is None else ["output"]
        tensors, calls = dict(zip(names, weights)), []
        for k, x in enumerate(inputs):
            prefix = f"call{k}." if len(inputs) > 1 else ""
            results = outputs + [f"state.{n}" for n in range(len(single[k]) - len(outputs))]
            states = initial_state if initial_state is not None and k == 0 else None
            tensors[f"{prefix}input"] = x
            if masks[k] is not None:
                tensors[f"{prefix}mask"] = np.asarray(masks[k], bool)
            for n, part in enumerate(states or []):
                tensors[f"{prefix}initial_state.{n}"] = np.asarray(part, np.float32)
            for key, value, twin in zip(results, single[k], double[k]):
                tensors[prefix + key], tensors[f"{prefix}f64.{key}"] = value, twin
            calls.append({
                "input": f"{prefix}input", "mask": None if masks[k] is None else f"{prefix}mask",
                "initial_state": states and [f"{prefix}initial_state.{n}" for n in range(len(states))], "prefix": prefix, "results": results,
            })
        keys = ("units", "activation", "recurrent_activation", "use_bias", "return_sequences", "return_state", "go_backwards", "stateful", "zero_output_for_mask", "reset_after")
        config = inner.get_config()
        self.about.update(keras=keras.__version__, keras_backend=keras.backend.backend())
        self._add(name, {
            "layer": type(inner).__name__, "config": {key: config[key] for key in keys if key in config}, "bidirectional": both, "merge_mode": merge,
            "batch": inputs[0].shape[0], "steps": inputs[0].shape[1], "features": inputs[0].shape[2], "weights": names, "calls": calls,
            "masked_start_is_backend_dependent": False, "real_keras": True,
        }, tensors)
