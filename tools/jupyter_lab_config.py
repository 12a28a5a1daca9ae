"""How ``make lab`` opens JupyterLab: at chapter 1, without pop-ups, and no notebook is changed by being looked at."""

import platform
from pathlib import Path

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager


class AsIfSavedHere(AsyncLargeFileManager):
    """Hands out notebooks as if this Python had saved them.

    JupyterLab writes the version of Python into every notebook that it opens. Where that is not the author's version,
    the notebook would count as changed: "Save changes?" when it is closed, and a difference for git.
    """

    async def get(self, *what, **how):
        """As in Jupyter, with this Python's version in a notebook's metadata."""
        model = await super().get(*what, **how)
        if model["type"] == "notebook" and model["content"]:
            language = model["content"]["metadata"].get("language_info", {})
            if language.get("name") == "python":
                language["version"] = platform.python_version()
        return model


c = get_config()  # noqa: F821 - Jupyter provides it
c.ServerApp.root_dir = str(Path(__file__).resolve().parent.parent)
c.ServerApp.contents_manager_class = AsIfSavedHere
c.LabApp.default_url = "/lab/tree/notebooks/01_introduction.ipynb"
c.LabApp.app_settings_dir = str(Path(__file__).resolve().with_name("jupyter_lab_settings"))
# Uploads reach the kernel as messages, which may have 10 MB by default. Of larger ones nobody would hear anything.
c.ServerApp.tornado_settings = {"websocket_max_message_size": 100_000_000}
