using Cassini.Streams.Settings;

namespace Cassini.Management.Access;

/// <summary>
/// The access control of the management surface cannot be set up; the message explains why to the operator and never holds a secret.
/// </summary>
/// <param name="error">The setting, its value and what is wrong.</param>
/// <param name="cause">What reading threw; null for nothing.</param>
internal sealed class AccessConfigurationException(SettingError error, Exception? cause) : Exception(error.ToString(), cause)
{
    /// <summary>The setting, its value and what is wrong.</summary>
    public SettingError Error { get; } = error;
}
