using System.Net.Security;
using System.Runtime.InteropServices;

namespace Cassini.Streams.Tls.Handshakes;

/// <summary>
/// Makes OpenSSL release the buffers of a silent connection, 32 KiB of native memory each, because SslStream does not request it. Only
/// an optimization: on a system or runtime that it does not know, it does nothing.
/// </summary>
internal static class OpenSslBuffers
{
    private const int ControlMode = 33; // SSL_CTRL_MODE
    private const long ReleaseBuffers = 0x10; // SSL_MODE_RELEASE_BUFFERS

    /// <summary>Requests the release of buffers. Call it after the handshake.</summary>
    /// <returns>Whether OpenSSL accepted the request.</returns>
    public static bool ReleaseWhenIdle(SslStream stream) =>
        OpenSslConnection.Call(stream, ssl => (Control(ssl, ControlMode, ReleaseBuffers, IntPtr.Zero) & ReleaseBuffers) != 0) is true;

    [DllImport("libssl.so.3", EntryPoint = "SSL_ctrl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern long Control(SafeHandle ssl, int command, long number, IntPtr pointer);
}
