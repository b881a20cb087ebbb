"""What the user sets once for all tools: Settings > Options > Processing > Providers > Floefield."""

from qgis.core import QgsSettings

SEN2COR = "FLOEFIELD_SEN2COR"
# Where Processing keeps the settings of providers.
FOLDER = "Processing/Configuration"


def sen2cor_path():
    """Path of Sen2Cor's ``L2A_Process`` as the user has set it; empty if not.

    Returns
    -------
    str
    """
    return str(QgsSettings().value(f"{FOLDER}/{SEN2COR}", "") or "").strip()


def show_settings(group, icon):
    """Put the settings into the options dialog of QGIS, as far as its Processing plugin is there.

    Parameters
    ----------
    group : str
        Under which name.
    icon : QIcon
    """
    try:
        from processing.core.ProcessingConfig import ProcessingConfig, Setting
    except ImportError:
        return
    ProcessingConfig.settingIcons[group] = icon
    ProcessingConfig.addSetting(Setting(group, SEN2COR, "Sen2Cor: path of L2A_Process (for Level-1C products)", "",
                                        valuetype=Setting.FILE))
    ProcessingConfig.readSettings()


def hide_settings():
    """Take the settings out of the options dialog again; their values stay."""
    try:
        from processing.core.ProcessingConfig import ProcessingConfig
    except ImportError:
        return
    if SEN2COR in ProcessingConfig.settings:
        ProcessingConfig.removeSetting(SEN2COR)
