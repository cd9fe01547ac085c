"""Networks from crops to logits, each declared by a dataclass beside it."""

from recognition.models.registry import ARCHITECTURES, Architecture, ModelConfig, build_model, count_parameters

__all__ = ["ARCHITECTURES", "Architecture", "ModelConfig", "build_model", "count_parameters"]
