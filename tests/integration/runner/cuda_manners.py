"""The manners of CUDA, with the values on the CPU: the runner's code with `device="cuda"` runs, and fails, as it would on a GPU.

A tensor that is made on "cuda" or moved there is a CudaTensor: it says that it lies on cuda:0, numpy cannot read it, it does not
mix with tensors of the CPU, autocast applies to it, and a value that is computed on one stream cannot be used on another before
somebody has waited. CTranslate2 runs on the CPU underneath, takes such tensors through the device interface alone, and gives
back storage that numpy cannot read either. Each refusal has the words of the library that refuses in reality.

    with cuda_manners() as gpu:
        engine = ...  # device "cuda"
        gpu.waits  # how often the CPU waited for a value of the device

What it cannot show: speed, memory, kernels that do not exist, results in another number format.
"""

import ctypes
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import ctranslate2
import numpy as np
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

aten: Any = torch.ops.aten
DEVICE = torch.device("cuda:0")
FREE_BYTES, TOTAL_BYTES = 8 << 30, 10 << 30
COMPUTE_TYPES = {"float32", "float16", "int8", "int8_float16", "int8_float32"}
_MOVES = {aten.to, aten._to_copy, aten.copy_}
_READS = {aten.item, aten._local_scalar_dense, aten.is_nonzero, aten.equal, aten.nonzero}
_INDEXING = {aten.index, aten.index_put_, aten._index_put_impl_}


class Stream:
    """What is issued on it has numbers in order; `done` is the last one that somebody waited for."""

    def __init__(self, device: Any = None, **_: Any) -> None:
        self.issued = self.done = 0
        self.waited: dict[Stream, int] = {}

    def synchronize(self) -> None:
        self.done = self.issued

    def wait_stream(self, other: "Stream") -> None:
        self.waited[other] = other.issued


@dataclass
class Gpu:
    """The state of the one GPU. Streams belong to threads, values to streams."""

    default: Stream = field(default_factory=Stream)
    waits: int = 0
    """How often a value was read, for which the CPU had to wait."""
    streams_used: set[Stream] = field(default_factory=set)
    emptied: int = 0
    """How often torch gave memory back."""
    taken_on_device: int = 0
    """How often CTranslate2 took features through the device interface."""
    _written: dict[int, tuple[Stream, int]] = field(default_factory=dict)
    _local: threading.local = field(default_factory=threading.local)

    @property
    def current(self) -> Stream:
        """The stream of this thread."""
        return getattr(self._local, "stream", self.default)

    @contextmanager
    def stream(self, stream: Stream) -> Iterator[None]:
        """torch.cuda.stream."""
        before, self._local.stream = self.current, stream
        try:
            yield
        finally:
            self._local.stream = before

    def issue(self) -> None:
        """Something is computed on the current stream."""
        self.current.issued += 1
        self.streams_used.add(self.current)

    def synchronize(self) -> None:
        """torch.cuda.synchronize."""
        for stream in self.streams_used:
            stream.synchronize()

    def wrote(self, values: torch.Tensor) -> None:
        """The current stream computes these values."""
        self._written[values.untyped_storage().data_ptr()] = (self.current, self.current.issued)

    def uses(self, values: torch.Tensor, reader: Stream) -> None:
        """Work on a stream uses the values."""
        writer, number = self._written.get(values.untyped_storage().data_ptr(), (self.default, 0))
        if writer is reader or number <= max(writer.done, reader.waited.get(writer, 0)):
            return
        raise AssertionError("a value is used on another stream than the one that computes it, and nobody waited for it")

    def read(self) -> None:
        """A value comes to the CPU, which waits for the current stream."""
        self.waits += 1
        self.current.synchronize()


_gpu: Gpu | None = None


def gpu() -> Gpu:
    """The GPU of the `cuda_manners` that are in force."""
    assert _gpu is not None, "a CudaTensor outlived cuda_manners()"
    return _gpu


class CudaTensor(torch.Tensor):
    """A tensor on cuda:0 whose values lie in `values`, on the CPU."""

    values: torch.Tensor  # type: ignore[assignment]  # a method of sparse tensors, otherwise
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @staticmethod
    def __new__(cls, values: torch.Tensor) -> "CudaTensor":
        make: Any = torch.Tensor._make_wrapper_subclass
        layout = {"strides": values.stride(), "storage_offset": values.storage_offset(), "dtype": values.dtype}
        tensor: CudaTensor = make(cls, values.shape, device=DEVICE, **layout)
        tensor.values = values
        return tensor

    def __repr__(self, **_: Any) -> str:  # type: ignore[override]
        return f"CudaTensor({tuple(self.shape)}, {self.dtype})"

    def __getitem__(self, index: Any) -> Any:  # torch's own asks the driver
        gpu().issue()
        gpu().uses(self.values, gpu().current)
        return _wrapped(self.values[tree_map(_inner, index)], {}, written=False)

    def __setitem__(self, index: Any, value: Any) -> None:
        gpu().issue()
        self.values[tree_map(_inner, index)] = _inner(value)
        gpu().wrote(self.values)

    def contiguous(self, *_: Any, **__: Any) -> Any:  # so do these
        return self if self.is_contiguous() else torch.clone(self, memory_format=torch.contiguous_format)

    def __invert__(self) -> Any:
        return torch.bitwise_not(self)

    def __float__(self) -> float:
        return float(self.item())

    def nonzero(self, **_: Any) -> Any:
        return aten.nonzero(self)

    def tolist(self) -> Any:
        return self.cpu().tolist()

    def numpy(self, **_: Any) -> Any:
        raise TypeError(
            "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."
        )

    def __array__(self, dtype: Any = None) -> Any:
        return self.numpy()

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """As torch's: a reader that knows no stream must find the values computed."""
        kind = {torch.float32: "<f4", torch.float16: "<f2", torch.int32: "<i4", torch.int8: "|i1"}[self.dtype]
        strides = None if self.is_contiguous() else tuple(step * self.element_size() for step in self.stride())
        where = (self.values.data_ptr(), False)
        return {"shape": tuple(self.shape), "typestr": kind, "strides": strides, "data": where, "version": 2, "owner": self}

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        return _dispatch(func, args, kwargs or {})


class _Numbered(TorchFunctionMode):
    """ "cuda" means "cuda:0": otherwise torch asks the driver which GPU this is."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.Tensor.cuda:
            return args[0].to(DEVICE)
        args, kwargs = tree_map(lambda one: DEVICE if _names_cuda(one) else one, (args, kwargs or {}))
        if func is torch.as_tensor and isinstance(args[0], DeviceStorage):
            return torch.from_numpy(np.array(args[0].storage)).to(DEVICE)
        if func in (torch.tensor, torch.as_tensor) and kwargs.get("device") == DEVICE:
            return func(*args, **{**kwargs, "device": "cpu"}).to(DEVICE)
        return func(*args, **kwargs)


def _names_cuda(one: Any) -> bool:
    return isinstance(one, (str, torch.device)) and str(one) in ("cuda", "cuda:0")


class _Mode(TorchDispatchMode):
    """For what is made on "cuda" out of nothing, or of tensors of the CPU."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        ours = any(isinstance(one, CudaTensor) for one in tree_leaves((args, kwargs)))
        return _dispatch(func, args, kwargs) if ours or _target(func, args, kwargs) == "cuda" else func(*args, **kwargs)


def _target(func: Any, args: Any, kwargs: Any) -> str | None:
    """The kind of the device where the result shall lie, if the call says so."""
    if func is aten.to.other:
        return str(args[1].device.type)
    return next((str(one.type) for one in tree_leaves((args, kwargs)) if isinstance(one, torch.device)), None)


def _dispatch(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    card, kind, target = gpu(), func.overloadpacket, _target(func, args, kwargs)
    tensors = [one for one in tree_leaves((args, kwargs)) if isinstance(one, torch.Tensor)]
    ours = [one for one in tensors if isinstance(one, CudaTensor)]
    if kind not in _MOVES | _INDEXING and ours and any(one.dim() and not isinstance(one, CudaTensor) for one in tensors):
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu! ({func})"
        )
    card.issue()
    for one in ours:
        card.uses(one.values, card.current)
    inner_args, inner_kwargs = tree_map(_inner, (args, kwargs))
    found = _computed(func, inner_args, inner_kwargs)
    if torch.Tag.inplace_view in func.tags:
        with torch._C._DisableTorchDispatch():
            return func(*args, **kwargs)  # only the tensor's shape changes
    stays = target == "cuda" or (target is None and (kind not in _MOVES or isinstance(args[0], CudaTensor)))
    if kind in _READS or not stays:
        card.read()
    if not stays:
        return found.clone() if ours and found is ours[0].values else found
    known = {id(one.values): one for one in ours}
    wrapped = tree_map(lambda one: _wrapped(one, known) if isinstance(one, torch.Tensor) else one, found)
    if kind in _MOVES and len(ours) < len(tensors):
        card.current.synchronize()  # a copy from memory that is not pinned is over when the call returns
    return wrapped


def _inner(one: Any) -> Any:
    if isinstance(one, torch.device):
        return torch.device("cpu")
    return one.values if isinstance(one, CudaTensor) else one


def _wrapped(values: torch.Tensor, known: dict[int, CudaTensor], written: bool = True) -> CudaTensor:
    if written:
        gpu().wrote(values)
    return known[id(values)] if id(values) in known else CudaTensor(values)


def _computed(func: Any, args: Any, kwargs: Any) -> Any:
    """The operation on the CPU; where that has none in half precision, in single precision, rounded afterwards."""
    if func is aten._fused_sdp_choice.default:
        return 0  # the one that is made of plain operations
    if func is aten._thnn_fused_lstm_cell.default:
        return _lstm_cell(*args, **kwargs)
    try:
        return func(*args, **kwargs)
    except RuntimeError as error:
        if "not implemented for 'Half'" not in str(error):
            raise
    single_args, single_kwargs = tree_map(_to(torch.float16, torch.float32), (args, kwargs))
    return tree_map(_to(torch.float32, torch.float16), func(*single_args, **single_kwargs))


def _to(before: torch.dtype, after: torch.dtype) -> Callable[[Any], Any]:
    return lambda one: one.to(after) if isinstance(one, torch.Tensor) and one.dtype is before else one


def _lstm_cell(inputs: Any, hidden: Any, cell: Any, input_bias: Any = None, hidden_bias: Any = None) -> Any:
    """CUDA's own operation for a step of an LSTM."""
    gates = inputs + hidden + (0 if input_bias is None else input_bias + hidden_bias)
    enter, forget, new, leave = gates.chunk(4, 1)
    state = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
    return leave.sigmoid() * state.tanh(), state, gates


class DeviceStorage:
    """What CTranslate2 leaves on the GPU: numpy cannot read it."""

    def __init__(self, storage: Any) -> None:
        self.storage = storage
        self.shape, self.dtype, self.device, self.device_index = storage.shape, storage.dtype, "cuda", 0

    def __array__(self, dtype: Any = None) -> Any:
        raise RuntimeError("Cannot get the array interface of a storage on device cuda")

    def to_device(self, device: Any) -> Any:
        gpu().read()
        return self.storage


_from_array: Callable[[Any], Any] = ctranslate2.StorageView.from_array
_Whisper: Any = ctranslate2.models.Whisper


def _storage(array: Any) -> Any:
    """ctranslate2.StorageView.from_array: what has no array interface of the CPU is taken through that of the device."""
    if hasattr(array, "__array_interface__"):
        return _from_array(array)
    interface = getattr(array, "__cuda_array_interface__", None)
    if interface is None:
        raise ValueError("Object does not implement the array interface or the CUDA array interface")
    if interface["strides"] is not None:
        raise ValueError("StorageView does not support arrays with non contiguous memory")
    gpu().uses(array.values, gpu().default)
    gpu().taken_on_device += 1
    count = int(np.prod(interface["shape"]))
    memory: Any = (ctypes.c_float * count).from_address(interface["data"][0])
    assert interface["typestr"] == "<f4", "features are float32"
    view = _from_array(np.frombuffer(memory, np.float32).reshape(interface["shape"]).copy())
    return DeviceStorage(view)


def _unwrapped(one: Any) -> Any:
    return one.storage if isinstance(one, DeviceStorage) else one


class WhisperOnDevice(_Whisper):  # type: ignore[misc]
    """ctranslate2.models.Whisper with device "cuda", computed on the CPU in int8."""

    def __init__(self, path: str, device: str = "cpu", *, compute_type: Any = "default", **settings: Any) -> None:
        cuda = device.startswith("cuda")
        super().__init__(path, device="cpu", compute_type="int8" if cuda else compute_type, **settings)
        self._cuda = cuda

    def encode(self, features: Any, to_cpu: bool = False) -> Any:
        found = super().encode(_unwrapped(features), to_cpu)
        return DeviceStorage(found) if self._cuda and not to_cpu else found

    def generate(self, features: Any, *args: Any, **settings: Any) -> Any:
        return super().generate(_unwrapped(features), *args, **settings)

    def detect_language(self, features: Any) -> Any:
        return super().detect_language(_unwrapped(features))

    def align(self, features: Any, *args: Any, **settings: Any) -> Any:
        return super().align(_unwrapped(features), *args, **settings)


@contextmanager
def cuda_manners() -> Iterator[Gpu]:
    """A machine with one GPU, for this thread and for all threads that are started within."""
    global _gpu
    import faster_whisper.transcribe  # noqa: F401  # before what it imports is replaced
    import pyannote.audio  # noqa: F401
    import transformers  # noqa: F401
    import whisperx.alignment
    import whisperx.audio

    if torch.cuda.is_available():
        raise RuntimeError("this machine has a GPU: the discipline is for those without")
    card = _gpu = Gpu()
    run = threading.Thread.run

    def run_with_manners(thread: threading.Thread) -> None:
        with _Numbered(), _Mode():
            run(thread)

    def supported(device: str, *_: Any) -> set[str]:
        return COMPUTE_TYPES if device.startswith("cuda") else real_types(device)

    real_types: Callable[[str], set[str]] = ctranslate2.get_supported_compute_types
    stand_ins: Sequence[tuple[Any, str, Any]] = (
        (torch.cuda, "_lazy_init", lambda: None),
        (torch.cuda, "is_available", lambda: True),
        (torch.cuda, "is_initialized", lambda: True),
        (torch.cuda, "device_count", lambda: 1),
        (torch.cuda, "current_device", lambda: 0),
        (torch.cuda, "get_device_capability", lambda *_: (8, 0)),
        (torch.cuda, "get_device_name", lambda *_: "a GPU in manners only"),
        (torch.cuda, "is_bf16_supported", lambda *_: True),
        (torch.cuda, "mem_get_info", lambda *_: (FREE_BYTES, TOTAL_BYTES)),
        (torch.cuda, "empty_cache", lambda: setattr(card, "emptied", card.emptied + 1)),
        (torch.cuda, "synchronize", lambda *_: card.synchronize()),
        (torch.cuda, "Stream", Stream),
        (torch.cuda, "stream", card.stream),
        (torch.cuda, "current_stream", lambda *_: card.current),
        (torch.cuda, "default_stream", lambda *_: card.default),
        (threading.Thread, "run", run_with_manners),
        (ctranslate2, "get_cuda_device_count", lambda: 1),
        (ctranslate2, "get_supported_compute_types", supported),
        (ctranslate2.StorageView, "from_array", staticmethod(_storage)),
        (ctranslate2.models, "Whisper", WhisperOnDevice),
    )
    torch.__future__.set_overwrite_module_params_on_conversion(True)  # weights that move become other tensors
    cudnn, torch.backends.cudnn.enabled = torch.backends.cudnn.enabled, False
    whisperx.audio.mel_filters.cache_clear()
    try:
        with ExitStack() as stack:
            for owner, name, stand_in in stand_ins:
                stack.enter_context(patch.object(owner, name, stand_in))
            stack.enter_context(_Numbered())
            stack.enter_context(_Mode())
            yield card
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(False)
        torch.backends.cudnn.enabled = cudnn
        whisperx.audio.mel_filters.cache_clear()
