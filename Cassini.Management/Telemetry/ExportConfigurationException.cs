namespace Cassini.Management.Telemetry;

/// <summary>Telemetry cannot be exported as it is configured; the message explains why to the operator.</summary>
internal sealed class ExportConfigurationException(string message, Exception cause) : Exception(message, cause);
