"""Signals: `obj.connect("clicked(bool)", f)` and `obj.clicked.connect(f)`, of Qt's objects and of stand-ins."""

import re

import shiboken6
from PySide6 import QtCore

from host.api_data import bare
from host.failures import HostError, collect
from host.pythonqt.native import QObject, class_name, raw_get
from host.pythonqt.slots import call_slot

_connections: dict[tuple, list] = {}  # (object address, signature) -> [(slot, function that Qt calls)]


def connect(sender, signal, receiver, slot=None, *rest) -> bool:
    """connect("signal()", callable) or connect("signal()", receiver, "slot()")."""
    if not isinstance(signal, str):  # PySide6's own use
        return QObject.connect(signal, receiver, slot, *rest)
    target = getattr(receiver, bare(normalized(slot))) if slot is not None else receiver
    if not callable(target):
        raise TypeError(f"{target!r} is not callable")
    signature = normalized(signal)
    if signature in standin_signals(type(sender)):
        return standin_signal(sender, bare(signature)).connect(target, signature)
    if raw_get(sender, "metaObject")().indexOfSignal(signature) < 0:
        _refuse(sender, signature)
    return _connect_native(sender, signature, target)


def disconnect(sender, signal, receiver=None, slot=None) -> bool:
    """Undo connect(); without receiver, all connections of the signal."""
    if not isinstance(signal, str):
        return QObject.disconnect(signal, receiver, slot)
    target = getattr(receiver, bare(normalized(slot))) if slot is not None else receiver
    signature = normalized(signal)
    if signature in standin_signals(type(sender)):
        return standin_signal(sender, bare(signature)).disconnect(target, signature)
    return _disconnect_native(sender, signature, target)


def normalized(signature: str) -> str:
    """The signature without needless spaces and qualifiers."""
    signature = signature[1:] if signature[:1] in ("1", "2") else signature  # SLOT() and SIGNAL() of Qt
    if re.search(r"vtk|PyObject", signature):
        return re.sub(r"\s+", "", signature)
    return bytes(QtCore.QMetaObject.normalizedSignature(signature)).decode()


class NativeSignal:
    """`button.clicked` of a Qt object."""

    def __init__(self, sender, name: str) -> None:
        self._sender = sender
        self._name = name

    def connect(self, slot) -> bool:
        return connect(self._sender, _fullest(self._signatures()), slot)

    def disconnect(self, slot=None) -> bool:
        return disconnect(self._sender, _fullest(self._signatures()), slot)

    def emit(self, *arguments) -> None:
        fitting = [own for own in self._signatures() if _count_arguments(own) == len(arguments)]
        if not fitting:
            raise TypeError(f"{self._name} does not take {len(arguments)} arguments")
        QObject.emit(self._sender, QtCore.SIGNAL(fitting[0]), *arguments)

    __call__ = emit

    def _signatures(self) -> list[str]:
        meta = raw_get(self._sender, "metaObject")()
        methods = (meta.method(index) for index in range(meta.methodCount()))
        return [
            bytes(method.methodSignature()).decode()
            for method in methods
            if method.methodType() == QtCore.QMetaMethod.MethodType.Signal
            and bytes(method.name()).decode() == self._name
        ]


class StandinSignal:
    """A signal of a stand-in, kept in Python."""

    def __init__(self, sender, name: str) -> None:
        self._sender = sender
        self._signatures = [signature for signature in standin_signals(type(sender)) if bare(signature) == name]
        self._slots: list[tuple] = []

    def connect(self, slot, signature: str | None = None) -> bool:
        if not callable(slot):
            raise TypeError(f"{slot!r} is not callable")
        self._slots.append((signature or _fullest(self._signatures), slot))
        return True

    def disconnect(self, slot=None, signature: str | None = None) -> bool:
        kept = [
            (own_signature, own_slot)
            for own_signature, own_slot in self._slots
            if (slot is not None and own_slot != slot) or (signature is not None and own_signature != signature)
        ]
        found = len(kept) < len(self._slots)
        self._slots = kept
        return found

    def emit(self, *arguments, signature: str | None = None) -> None:
        if QObject.signalsBlocked(self._sender):
            return
        for own_signature, slot in list(self._slots):
            if signature is None or own_signature == signature:
                call_slot(slot, arguments[: _count_arguments(own_signature)])

    __call__ = emit


def emit(sender, signature: str, *arguments) -> None:
    """Emit one signal of a stand-in, named by its whole signature."""
    standin_signal(sender, bare(signature)).emit(*arguments, signature=signature)


def standin_signal(sender, name: str) -> StandinSignal:
    """The signal object of a stand-in, made at first use."""
    signals = raw_get(sender, "__dict__").setdefault("_host_signals", {})
    if name not in signals:
        signals[name] = StandinSignal(sender, name)
    return signals[name]


def standin_signals(cls: type) -> set[str]:
    """Signatures of all signals that the stand-in classes of an object declare."""
    return {signature for ancestor in cls.__mro__ for signature in ancestor.__dict__.get("host_signals", ())}


def _refuse(sender, signature: str) -> None:
    error = HostError(f"{class_name(sender)} has no signal '{signature}' (PythonQt prints a warning and goes on)")
    collect("connect", error)
    raise error


def _connect_native(sender, signature: str, target) -> bool:
    def trampoline(*arguments):
        call_slot(target, arguments)

    connected = QObject.connect(sender, QtCore.SIGNAL(signature), trampoline)
    _connections.setdefault(_key(sender, signature), []).append((target, trampoline))
    return bool(connected)


def _disconnect_native(sender, signature: str, target) -> bool:
    kept, found = [], False
    for own_target, trampoline in _connections.get(_key(sender, signature), []):
        if target is None or own_target == target:
            QObject.disconnect(sender, QtCore.SIGNAL(signature), trampoline)
            found = True
        else:
            kept.append((own_target, trampoline))
    _connections[_key(sender, signature)] = kept
    return found


def _key(sender, signature: str) -> tuple:
    return shiboken6.getCppPointer(sender)[0], signature


def _fullest(signatures) -> str:
    """Of overloads, the one with most arguments."""
    return max(signatures, key=_count_arguments)


def _count_arguments(signature: str) -> int:
    return 0 if signature.endswith("()") else signature.count(",") + 1
