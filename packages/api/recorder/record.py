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

A module of your own, whatever its `forward` takes and returns, is recorded in one file by `record`:

    from record import record, result

    record(tagger, sentence, path="tagger.safetensors")                     # one call
    record(model, (x0, None), (x1, result(0)[1]), path="model.safetensors")  # two, the second from the state of the first

Then: `unroll verify model.safetensors --port ./model.mjs`, where model.mjs exports the port.

What a Recorder records: modules `torch.nn.RNN/LSTM/GRU` and `RNNCell/LSTMCell/GRUCell` (stepped over the first axis of the
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


def write_safetensors(path, tensors, metadata=None):
    """Writes numpy arrays by name: header length, JSON header, data by falling item size so that each is aligned.

    metadata: texts by name, for the `__metadata__` of the header.
    """
    arrays = {name: np.asarray(value, order="C") for name, value in tensors.items()}
    names = sorted(arrays, key=lambda name: -arrays[name].itemsize)
    header, end = {} if metadata is None else {"__metadata__": metadata}, 0
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


class _Result:
    """Stands for what an earlier call returned, or a part of it."""

    __iter__ = None

    def __init__(self, call, path=()):
        self.call, self.path = call, path

    def __getitem__(self, key):
        return _Result(self.call, (*self.path, key))


def result(call):
    """What an earlier call of a `record` returned, calls counted from 0: `result(0)[1]` is the second of what the first returned."""
    return _Result(call)


def record(module, *calls, path):
    """Records calls of any torch module, and its weights, in one safetensors file.

    calls: one after the other, each a tuple of forward's arguments by position, or its one argument alone: tensors, numbers,
    texts, flags, None, PackedSequences, and lists, tuples and dicts of them; `result(0)[1]` stands for what an earlier call
    returned. A module that keeps a state in its attributes starts from the one that it has now, and carries it on.

    The module runs in eval mode, as a copy. It runs in float64 too, where it can: how far float32 is off tells what to
    expect of a port that can't be traced.
    """
    import torch

    if not calls:
        raise ValueError("record: expected calls, got none; give a tuple of forward's arguments for each")
    calls = [call if type(call) is tuple else (call,) for call in calls]
    packed = torch.nn.utils.rnn.PackedSequence
    tensors, rows = {}, []

    def found(results, reference):
        """What a reference stands for, and its path with positions counted from the front."""
        if not isinstance(reference.call, int) or not 0 <= reference.call < len(results):
            raise IndexError(f"record: expected result(k) of an earlier call, got result({reference.call}) in call {len(results)}")
        value, way = results[reference.call], [reference.call]
        for key in reference.path:
            if not isinstance(value, (list, tuple, dict)) or isinstance(value, packed):
                raise TypeError(f"record: expected a list, a tuple or a dict at {way}, got {type(value).__name__}; refer to it whole")
            if type(key) not in (int, str):
                raise TypeError(f"record: expected a position or a name behind {way}, got {key!r}")
            way.append(key + len(value) if isinstance(key, int) and key < 0 else key)
            value = value[key]
        return value, way

    def within(value, of):
        """The same lists, tuples and dicts of other leaves."""
        if isinstance(value, packed) or not isinstance(value, (list, tuple, dict)):
            return of(value)
        if isinstance(value, dict):
            return {key: within(one, of) for key, one in value.items()}
        items = [within(one, of) for one in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)

    def run(dtype):
        def given(value, results):
            if isinstance(value, _Result):
                return found(results, value)[0]
            if isinstance(value, packed):
                value = value.to("cpu")
                return value.to(dtype) if value.data.is_floating_point() else value
            if isinstance(value, torch.Tensor):
                value = value.detach().cpu()
                return value.to(dtype) if value.is_floating_point() else value
            return value

        own = copy.deepcopy(module).cpu().eval().to(dtype)
        results, before = [], torch.get_default_dtype()
        torch.set_default_dtype(dtype)
        try:
            with torch.no_grad():
                for call in calls:
                    results.append(own(*(within(one, lambda value: given(value, results)) for one in call)))
        finally:
            torch.set_default_dtype(before)
        return results

    def store(name, value):
        value = value.detach().cpu()
        if value.is_complex():
            raise TypeError(f"record: expected real numbers, got {value.dtype} at {name}")
        kind = np.float32 if value.is_floating_point() else np.bool_ if value.dtype is torch.bool else np.int64
        tensors[name] = value.float().numpy().astype(kind) if value.is_floating_point() else value.numpy().astype(kind)

    def described(value, name, results=None, number=False):
        """A value as JSON, its tensors stored beside it. number: whether floats are stored as tensors, to be compared within a bound."""
        if isinstance(value, _Result):
            return {"result": found(results, value)[1]}
        if isinstance(value, packed):
            padded, lengths = torch.nn.utils.rnn.pad_packed_sequence(value)
            store(name, padded)
            return {"packed": name, "lengths": lengths.tolist()}
        if isinstance(value, torch.Tensor) or (number and type(value) is float):
            store(name, value if isinstance(value, torch.Tensor) else torch.tensor(value))
            return {"tensor": name}
        if isinstance(value, dict):
            odd = [key for key in value if not isinstance(key, str)]
            if odd:
                raise TypeError(f"record: expected dicts with names that are texts, got {odd[0]!r} at {name}")
            return {"dict": [[key, described(one, f"{name}.{k}", results, number)] for k, (key, one) in enumerate(value.items())]}
        if isinstance(value, (list, tuple)):
            return {"list": [described(one, f"{name}.{k}", results, number) for k, one in enumerate(value)]}
        if value is None or isinstance(value, (bool, str)) or type(value) in (int, float):
            if type(value) is int and abs(value) >= 2**53 or type(value) is float and not np.isfinite(value):
                raise ValueError(f"record: expected numbers that JSON holds, got {value!r} at {name}; give a tensor")
            return {"value": value}
        raise TypeError(f"record: expected tensors, numbers, texts, flags, and lists, tuples and dicts of them, got {type(value).__name__} at {name}")

    def twins(value, other, name):
        """Float64 values of a result, under `f64.` and the name of the tensor that they are of."""
        if isinstance(value, packed):
            value, other = (torch.nn.utils.rnn.pad_packed_sequence(one)[0] for one in (value, other))
        if type(value) is float:
            value, other = torch.tensor(value), torch.tensor(other, dtype=torch.float64)
        if isinstance(value, torch.Tensor):
            if value.is_floating_point():
                if value.shape != other.shape:
                    raise ValueError("another shape")
                tensors[f"f64.{name}"] = other.detach().cpu().double().numpy()
        elif isinstance(value, dict):
            for k, key in enumerate(value):
                twins(value[key], other[key], f"{name}.{k}")
        elif isinstance(value, (list, tuple)):
            for k, (one, another) in enumerate(zip(value, other, strict=True)):
                twins(one, another, f"{name}.{k}")

    single = run(torch.float32)
    try:
        double, odd = run(torch.float64), None
    except Exception as error:  # A module that makes float32 tensors itself, say.
        double, odd = None, f"{type(error).__name__}: {error}"
    seen = set()
    for name, value in module.state_dict().items():
        # Of weights that several names share the first is enough.
        key = (value.data_ptr(), tuple(value.shape), value.stride()) if value.numel() > 0 else name
        if key not in seen:
            store(f"w.{name}", value)
        seen.add(key)
    for k, (call, returned) in enumerate(zip(calls, single)):
        given = [described(one, f"call.{k}.argument.{n}", single[:k]) for n, one in enumerate(call)]
        rows.append({"arguments": given, "result": described(returned, f"call.{k}.result", number=True)})
    if double is not None:
        before = set(tensors)
        try:
            for k, (returned, other) in enumerate(zip(single, double)):
                twins(returned, other, f"call.{k}.result")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            odd = f"results of another form in float64: {error}"
            for name in set(tensors) - before:
                del tensors[name]
    about = {"form": 1, "torch": torch.__version__, "module": type(module).__name__, "float64": odd, "calls": rows}
    write_safetensors(path, tensors, {"unroll": json.dumps(about, allow_nan=False)})
