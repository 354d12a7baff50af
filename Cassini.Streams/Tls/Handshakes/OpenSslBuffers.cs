using System.Net.Security;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Cassini.Streams.Tls.Handshakes;

/// <summary>
/// Makes OpenSSL release the buffers of a silent connection, 32 KiB of native memory each, because SslStream does not request it. Only
/// an optimization: on a system or runtime that it does not know, it does nothing.
/// </summary>
internal static class OpenSslBuffers
{
    private const int ControlMode = 33; // SSL_CTRL_MODE
    private const long ReleaseBuffers = 0x10; // SSL_MODE_RELEASE_BUFFERS

    /// <summary>Only when the runtime loaded the same library that is called below.</summary>
    private static readonly FieldInfo? Context = OperatingSystem.IsLinux() && IsOpenSsl3
        ? typeof(SslStream).GetField("_securityContext", BindingFlags.NonPublic | BindingFlags.Instance)
        : null;

    private static volatile bool _isAbsent;

    private static bool IsOpenSsl3 =>
        !OperatingSystem.IsWindows() && SafeEvpPKeyHandle.OpenSslVersion >> 28 == 3
            && Environment.GetEnvironmentVariable("CLR_OPENSSL_VERSION_OVERRIDE") is null;

    /// <summary>Requests the release of buffers. Call it after the handshake.</summary>
    /// <returns>Whether OpenSSL accepted the request.</returns>
    public static bool ReleaseWhenIdle(SslStream stream)
    {
        if (_isAbsent || Context?.GetValue(stream) is not SafeHandle { IsInvalid: false, IsClosed: false } ssl)
        {
            return false;
        }

        try
        {
            return (Control(ssl, ControlMode, ReleaseBuffers, IntPtr.Zero) & ReleaseBuffers) != 0;
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException or ObjectDisposedException)
        {
            _isAbsent = exception is not ObjectDisposedException;
            return false;
        }
    }

    [DllImport("libssl.so.3", EntryPoint = "SSL_ctrl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern long Control(SafeHandle ssl, int command, long number, IntPtr pointer);
}
