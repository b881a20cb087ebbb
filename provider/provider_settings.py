"""Options of the provider: Settings > Options > Processing > Providers > Floefield."""

from qgis.core import QgsSettings

SEN2COR = "FLOEFIELD_SEN2COR"

# Settings key under which Processing stores the options of providers.
SETTINGS_KEY = "Processing/Configuration"


def sen2cor_path():
    """Return the path of Sen2Cor's ``L2A_Process`` from the options; empty if not set.

    Returns
    -------
    str
    """
    return str(QgsSettings().value(f"{SETTINGS_KEY}/{SEN2COR}", "") or "").strip()


def show_settings(group, icon):
    """Add the options to the options dialog of QGIS, if the Processing plugin is loaded.

    Parameters
    ----------
    group : str
        Name of the group of options.
    icon : QIcon
    """
    try:
        from processing.core.ProcessingConfig import ProcessingConfig, Setting
    except ImportError:
        return
    ProcessingConfig.settingIcons[group] = icon
    ProcessingConfig.addSetting(Setting(group, SEN2COR, "Sen2Cor program (L2A_Process), for Level-1C products", "",
                                        valuetype=Setting.FILE))
    ProcessingConfig.readSettings()


def hide_settings():
    """Remove the options from the options dialog; their values are kept."""
    try:
        from processing.core.ProcessingConfig import ProcessingConfig
    except ImportError:
        return
    if SEN2COR in ProcessingConfig.settings:
        ProcessingConfig.removeSetting(SEN2COR)
