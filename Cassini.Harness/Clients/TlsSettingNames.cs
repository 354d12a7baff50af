namespace Cassini.Harness.Clients;

/// <summary>The names of a client's TLS settings, for error messages.</summary>
/// <param name="Ca">The setting for the authorities.</param>
/// <param name="Certificate">The setting for the client's certificate.</param>
/// <param name="Key">The setting for the key of that certificate.</param>
/// <param name="ServerName">The setting for the name that the server's certificate must have.</param>
internal sealed record TlsSettingNames(string Ca, string Certificate, string Key, string ServerName)
{
    /// <summary>The authorities that are trusted, in words.</summary>
    public string CaInWords { get; init; } = "the CA that was given";

    /// <summary>The options of a command.</summary>
    public static readonly TlsSettingNames Options = new("--ca", "--cert", "--key", "--server-name");

    /// <summary>The keys of a plan.</summary>
    public static readonly TlsSettingNames Plan = new("tls.ca", "tls.cert", "tls.key", "tls.serverName");
}
