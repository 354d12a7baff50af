using Cassini.Streams.Settings;

namespace Cassini.Streams.Tls;

/// <summary>The section <c>Tls</c>, and the rules between its settings.</summary>
internal static class TlsSettings
{
    public static SettingsSection<TlsOptions> Section { get; } = new(
        "Tls",
        new TlsOptions { CaPath = "", ServerChainPath = "", ServerKeyPath = "" },
        Named("Tls:CaPath", tls => tls.CaPath),
        Named("Tls:ServerChainPath", tls => tls.ServerChainPath),
        Named("Tls:ServerKeyPath", tls => tls.ServerKeyPath),
        SettingRule<TlsOptions>.That(
            "Tls:ManagementChainPath",
            "it goes together with Tls:ManagementKeyPath",
            tls => string.IsNullOrEmpty(tls.ManagementChainPath) == string.IsNullOrEmpty(tls.ManagementKeyPath),
            tls => tls.ManagementChainPath ?? "nothing"));

    private static SettingRule<TlsOptions> Named(string key, Func<TlsOptions, string> path) =>
        SettingRule<TlsOptions>.NotEmpty(key, "path", "name a PEM file", path);
}
