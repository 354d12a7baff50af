using Cassini.Harness.Load;

namespace Cassini.Web.Cli.Running;

/// <summary>A CA, a certificate and its key, as full paths.</summary>
internal sealed record TlsFiles(string Ca, string Certificate, string Key)
{
    /// <exception cref="Harness.HarnessException">A file cannot be used.</exception>
    public TlsIdentity Load() => TlsIdentity.Load(Ca, Certificate, Key);
}
