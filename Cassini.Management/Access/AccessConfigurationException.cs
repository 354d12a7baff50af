namespace Cassini.Management.Access;

/// <summary>
/// The access control of the management surface cannot be set up; the message explains why to the operator and never holds a secret.
/// </summary>
internal sealed class AccessConfigurationException(string message, Exception? cause) : Exception(message, cause);
