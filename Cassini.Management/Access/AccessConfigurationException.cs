namespace Cassini.Management.Access;

/// <summary>What guards the management surface cannot be set up; the message says to the operator why. It never holds a secret.</summary>
internal sealed class AccessConfigurationException(string message) : Exception(message);
