"""Declarations to QGIS parameters and back; shared declarations."""

from qgis.core import NULL, QgsProcessingParameterEnum, QgsProcessingParameterNumber


def is_null(value):
    """Whether a value is missing: NULL (None with Qt 6), empty or blank."""
    return value is None or value == NULL or (isinstance(value, str) and not value.strip())


def choice(name, description, options, default, several=False, optional=False):
    """Return an enum parameter with static strings, which scripts and command lines pass by name.

    Returns
    -------
    QgsProcessingParameterEnum
    """
    return QgsProcessingParameterEnum(name, description, options=list(options), allowMultiple=several,
                                      defaultValue=list(default) if several else default, optional=optional,
                                      usesStaticStrings=True)


def is_cleared(value):
    """Return whether an enum parameter is given, but empty: an empty list, or an empty text on a command line."""
    return value is not None and (value == [] or is_null(value))


def choices(tool, parameters, name, context):
    """Return the selected strings of an enum parameter; none if it is cleared (QGIS would return the default).

    Returns
    -------
    tuple of str
    """
    if is_cleared(parameters.get(name)):
        return ()
    return tuple(tool.parameterAsEnumStrings(parameters, name, context))


def add_integer(tool, name, title, default, minimum, maximum, help_text, advanced=False):
    """Declare an integer parameter; `maximum` may be None."""
    parameter = QgsProcessingParameterNumber(name, tool.tr(title), QgsProcessingParameterNumber.Type.Integer, default,
                                             minValue=minimum)
    if maximum is not None:
        parameter.setMaximum(maximum)
    tool.declare(parameter, help_text, advanced)


def is_given(value):
    """Whether a parameter has a value."""
    return not is_null(value) and value != []
