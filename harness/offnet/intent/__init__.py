"""What a lab.yml says: its models, its loader, and every rule that it must keep."""

from offnet.intent.loader import load
from offnet.intent.models import LabIntent

__all__ = ["LabIntent", "load"]
