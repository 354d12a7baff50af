using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;
using Cassini.Streams.Events;
using Cassini.Streams.Tls.Clients;

namespace Cassini.Streams.Tls.Handshakes;

/// <summary>
/// Judges the client's certificate at the moment that OpenSSL reads it, so that a refused client gets the alert that says why. SslStream
/// of .NET 10 asks only when the handshake is over, and no alert can be sent any more. On a system or runtime that this does not know it
/// does nothing: SslStream asks as ever, and a refused client sees the end of its connection.
/// </summary>
/// <param name="stream">The connection; it gets the verdict.</param>
/// <param name="judge">Judges a certificate, with the intermediates that the client sent.</param>
internal sealed class ClientVerification(
    MutualTlsStream stream, Func<X509Certificate2, X509Certificate2Collection, ClientVerdict> judge) : IDisposable
{
    // Verification errors (x509_vfy.h); OpenSSL makes the alert of them.
    private const int NotYetValid = 9;
    private const int Expired = 10;
    private const int NoIssuer = 20;
    private const int Revoked = 23;
    private const int WrongPurpose = 26;
    private const int Rejected = 28;

    private const int FailWithoutCertificate = 2; // SSL_VERIFY_FAIL_IF_NO_PEER_CERT

    /// <summary>
    /// OpenSSL would send two after a full handshake of TLS 1.3, for a client that opens two connections next. For each it decodes the
    /// session with the client's certificate anew, which costs OpenSSL 3.0 as much as all the signatures of the handshake.
    /// </summary>
    private const int Tickets = 1;

    private static readonly ConcurrentDictionary<IntPtr, ClientVerification> Running = new();
    private static readonly VerifyCallback Callback = Verify;

    /// <summary>Later runtimes do the same themselves.</summary>
    private static readonly bool IsNeeded = Environment.Version.Major == 10;

    private IntPtr _ssl;

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int VerifyCallback(IntPtr store, IntPtr argument);

    /// <summary>
    /// Call it when the server is about to send its first bytes: then OpenSSL's object exists, and the client has sent only its hello.
    /// </summary>
    public void Begin()
    {
        if (IsNeeded)
        {
            OpenSslConnection.Call(stream, ssl =>
            {
                _ssl = ssl.DangerousGetHandle();
                Running[_ssl] = this;

                // The runtime shares one context among connections with one certificate. The callback is the same for all of them.
                SetCallback(ContextOf(ssl), Callback, IntPtr.Zero);
                SetVerification(ssl, ModeOf(ssl) | FailWithoutCertificate, VerificationOf(ssl));
                SetTickets(ssl, Tickets);
                return true;
            });
        }
    }

    /// <summary>Call it when the handshake has ended.</summary>
    /// <remarks>
    /// Removes only its own entry: after a failure OpenSSL's object is gone already, and another connection may have got its address.
    /// </remarks>
    public void Dispose() => Running.TryRemove(KeyValuePair.Create(_ssl, this));

    private static int Verify(IntPtr store, IntPtr argument)
    {
        try
        {
            return Running.TryGetValue(ExtraData(store, ConnectionIndex()), out var verification)
                && verification.Judge(store).Failure is { } refused
                ? Refuse(store, refused)
                : 1;
        }
        catch (Exception)
        {
            // No exception may leave a callback of OpenSSL. SslStream asks again after the handshake, and throws it there.
            return 1;
        }
        finally
        {
            // What judging left in this thread's queue would be taken for an error of the handshake.
            ClearErrors();
        }
    }

    private static int Refuse(IntPtr store, HandshakeFailure refused)
    {
        SetError(store, refused switch
        {
            HandshakeFailure.UntrustedCertificate => NoIssuer,
            HandshakeFailure.RevokedCertificate => Revoked,
            HandshakeFailure.ExpiredCertificate => Expired,
            HandshakeFailure.NotYetValidCertificate => NotYetValid,
            HandshakeFailure.WrongUsageCertificate => WrongPurpose,
            _ => Rejected,
        });
        return 0;
    }

    private ClientVerdict Judge(IntPtr store)
    {
        using var certificate = new X509Certificate2(CertificateOf(store));
        var presented = new X509Certificate2Collection();
        var chain = ChainOf(store);
        for (var i = 0; i < CountOf(chain); i++)
        {
            presented.Add(new X509Certificate2(ItemOf(chain, i)));
        }

        try
        {
            return stream.Verdict = judge(certificate, presented);
        }
        finally
        {
            foreach (var one in presented)
            {
                one.Dispose();
            }
        }
    }

    [DllImport("libssl.so.3", EntryPoint = "SSL_get_SSL_CTX")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr ContextOf(SafeHandle ssl);

    [DllImport("libssl.so.3", EntryPoint = "SSL_CTX_set_cert_verify_callback")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void SetCallback(IntPtr context, VerifyCallback callback, IntPtr argument);

    [DllImport("libssl.so.3", EntryPoint = "SSL_get_verify_mode")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ModeOf(SafeHandle ssl);

    [DllImport("libssl.so.3", EntryPoint = "SSL_get_verify_callback")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr VerificationOf(SafeHandle ssl);

    [DllImport("libssl.so.3", EntryPoint = "SSL_set_verify")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void SetVerification(SafeHandle ssl, int mode, IntPtr callback);

    [DllImport("libssl.so.3", EntryPoint = "SSL_get_ex_data_X509_STORE_CTX_idx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ConnectionIndex();

    [DllImport("libssl.so.3", EntryPoint = "SSL_set_num_tickets")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetTickets(SafeHandle ssl, nuint count);

    [DllImport("libcrypto.so.3", EntryPoint = "X509_STORE_CTX_get_ex_data")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr ExtraData(IntPtr store, int index);

    [DllImport("libcrypto.so.3", EntryPoint = "X509_STORE_CTX_get0_cert")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr CertificateOf(IntPtr store);

    [DllImport("libcrypto.so.3", EntryPoint = "X509_STORE_CTX_get0_untrusted")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr ChainOf(IntPtr store);

    [DllImport("libcrypto.so.3", EntryPoint = "OPENSSL_sk_num")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int CountOf(IntPtr stack);

    [DllImport("libcrypto.so.3", EntryPoint = "OPENSSL_sk_value")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern IntPtr ItemOf(IntPtr stack, int index);

    [DllImport("libcrypto.so.3", EntryPoint = "X509_STORE_CTX_set_error")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void SetError(IntPtr store, int error);

    [DllImport("libcrypto.so.3", EntryPoint = "ERR_clear_error")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void ClearErrors();
}
