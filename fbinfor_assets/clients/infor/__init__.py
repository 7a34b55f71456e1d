"""Infor M3 through the API gateway. Belongs here: the public surface of this package, pinned by a test."""

from fbinfor_assets.clients.infor.gateway import InforGateway
from fbinfor_assets.clients.infor.m3 import M3Client, M3Result, is_read
from fbinfor_assets.clients.infor.settings import ExportSettings, InforSettings, IonApi

__all__ = ["ExportSettings", "InforGateway", "InforSettings", "IonApi", "M3Client", "M3Result", "is_read"]
