using System.Net.Security;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Cassini.Streams.Tls.Handshakes;

/// <summary>
/// OpenSSL's object of a connection (SSL*), which SslStream does not show. On a system or runtime that this does not know, there is none,
/// and callers do without it.
/// </summary>
internal static class OpenSslConnection
{
    /// <summary>Only when the runtime loaded the same library that is called below.</summary>
    private static readonly FieldInfo? Context = OperatingSystem.IsLinux() && IsOpenSsl3
        ? typeof(SslStream).GetField("_securityContext", BindingFlags.NonPublic | BindingFlags.Instance)
        : null;

    private static volatile bool _isAbsent;

    private static bool IsOpenSsl3 =>
        !OperatingSystem.IsWindows() && SafeEvpPKeyHandle.OpenSslVersion >> 28 == 3
            && Environment.GetEnvironmentVariable("CLR_OPENSSL_VERSION_OVERRIDE") is null;

    /// <summary>Calls OpenSSL, from the moment that the handshake has begun.</summary>
    /// <param name="stream">The connection.</param>
    /// <param name="call">The call; it must not keep the handle.</param>
    /// <returns>What the call returned; null when there is nothing to call.</returns>
    public static T? Call<T>(SslStream stream, Func<SafeHandle, T> call)
        where T : struct
    {
        if (_isAbsent || Context?.GetValue(stream) is not SafeHandle { IsInvalid: false, IsClosed: false } ssl)
        {
            return null;
        }

        try
        {
            return call(ssl);
        }
        catch (Exception exception) when (exception is TypeLoadException or ObjectDisposedException)
        {
            // The library or a function of it is absent (DllNotFoundException, EntryPointNotFoundException), or the connection ended.
            _isAbsent |= exception is not ObjectDisposedException;
            return null;
        }
    }

    /// <summary>Whether the client resumed TLS, so that it did not send its certificates again; null where nobody can tell.</summary>
    public static bool? IsResumed(SslStream stream) => Call(stream, ssl => IsReused(ssl) != 0);

    [DllImport("libssl.so.3", EntryPoint = "SSL_session_reused")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int IsReused(SafeHandle ssl);
}
