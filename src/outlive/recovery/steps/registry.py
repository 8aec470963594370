"""Every kind of step by the name that runbooks use."""

from __future__ import annotations

from outlive.recovery.steps.app_env import AppEnv
from outlive.recovery.steps.app_login import AppLogin
from outlive.recovery.steps.attach_volume import AttachVolume
from outlive.recovery.steps.base import Step
from outlive.recovery.steps.by_hand import ByHand
from outlive.recovery.steps.ci_dispatch import CiDispatch
from outlive.recovery.steps.ci_run import CiRun
from outlive.recovery.steps.ci_secret import CiSecret
from outlive.recovery.steps.cluster import Cluster
from outlive.recovery.steps.config import Config
from outlive.recovery.steps.copy_anew import CopyAnew
from outlive.recovery.steps.copy_to_volume import CopyToVolume
from outlive.recovery.steps.create_machine import CreateMachine
from outlive.recovery.steps.create_volume import CreateVolume
from outlive.recovery.steps.cut_over import CutOver
from outlive.recovery.steps.databases import Databases
from outlive.recovery.steps.dns import Dns
from outlive.recovery.steps.docker import Docker
from outlive.recovery.steps.enrol import Enrol
from outlive.recovery.steps.env_secrets import EnvSecrets
from outlive.recovery.steps.evidence import Evidence
from outlive.recovery.steps.fresh_copy import FreshCopy
from outlive.recovery.steps.hold_schedules import HoldSchedules
from outlive.recovery.steps.image_copy import ImageCopy
from outlive.recovery.steps.images import Images
from outlive.recovery.steps.last_copy import LastCopy
from outlive.recovery.steps.machine import Machine
from outlive.recovery.steps.mount_volume import MountVolume
from outlive.recovery.steps.move_check import MoveCheck
from outlive.recovery.steps.move_compare import MoveCompare
from outlive.recovery.steps.move_load import MoveLoad
from outlive.recovery.steps.move_roles import MoveRoles
from outlive.recovery.steps.old_machine import OldMachine
from outlive.recovery.steps.page import Page
from outlive.recovery.steps.path import Path
from outlive.recovery.steps.quarantine import Quarantine
from outlive.recovery.steps.read_only import ReadOnly
from outlive.recovery.steps.redeploy import Redeploy
from outlive.recovery.steps.release_schedules import ReleaseSchedules
from outlive.recovery.steps.replicate import Replicate
from outlive.recovery.steps.replication_end import ReplicationEnd
from outlive.recovery.steps.repoint import Repoint
from outlive.recovery.steps.restore_schedules import RestoreSchedules
from outlive.recovery.steps.role_passwords import RolePasswords
from outlive.recovery.steps.schedules import Schedules
from outlive.recovery.steps.secret_list import SecretList
from outlive.recovery.steps.stack import Stack
from outlive.recovery.steps.start import Start
from outlive.recovery.steps.stop import Stop
from outlive.recovery.steps.switch_to_volume import SwitchToVolume
from outlive.recovery.steps.take_over import TakeOver
from outlive.recovery.steps.tofu_machine import TofuMachine
from outlive.recovery.steps.tofu_replace import TofuReplace
from outlive.recovery.steps.use_volume import UseVolume
from outlive.recovery.steps.volume import Volume

STEPS: dict[str, Step] = {
    "app-env": AppEnv(),
    "app-login": AppLogin(),
    "attach-volume": AttachVolume(),
    "by-hand": ByHand(),
    "ci-dispatch": CiDispatch(),
    "ci-run": CiRun(),
    "ci-secret": CiSecret(),
    "cluster": Cluster(),
    "config": Config(),
    "copy-anew": CopyAnew(),
    "copy-to-volume": CopyToVolume(),
    "create-machine": CreateMachine(),
    "create-volume": CreateVolume(),
    "cut-over": CutOver(),
    "databases": Databases(),
    "dns": Dns(),
    "docker": Docker(),
    "enrol": Enrol(),
    "env-secrets": EnvSecrets(),
    "evidence": Evidence(),
    "fresh-copy": FreshCopy(),
    "hold-schedules": HoldSchedules(),
    "image-copy": ImageCopy(),
    "images": Images(),
    "last-copy": LastCopy(),
    "machine": Machine(),
    "mount-volume": MountVolume(),
    "move-check": MoveCheck(),
    "move-compare": MoveCompare(),
    "move-load": MoveLoad(),
    "move-roles": MoveRoles(),
    "old-machine": OldMachine(),
    "page": Page(),
    "path": Path(),
    "quarantine": Quarantine(),
    "read-only": ReadOnly(),
    "redeploy": Redeploy(),
    "release-schedules": ReleaseSchedules(),
    "replicate": Replicate(),
    "replication-end": ReplicationEnd(),
    "repoint": Repoint(),
    "restore-schedules": RestoreSchedules(),
    "role-passwords": RolePasswords(),
    "schedules": Schedules(),
    "secret-list": SecretList(),
    "stack": Stack(),
    "start": Start(),
    "stop": Stop(),
    "switch-to-volume": SwitchToVolume(),
    "take-over": TakeOver(),
    "tofu-machine": TofuMachine(),
    "tofu-replace": TofuReplace(),
    "use-volume": UseVolume(),
    "volume": Volume(),
}
