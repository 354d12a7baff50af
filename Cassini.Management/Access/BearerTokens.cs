using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Cassini.Management.Access;

/// <summary>
/// The bearer tokens that are valid now: a fixed one, and those of a file that is read again when it is asked for and a second has
/// passed. A file that cannot be read holds no token: taking it away locks its callers out. Only digests are kept. Thread-safe.
/// </summary>
internal sealed class BearerTokens
{
    private const int MaxFileBytes = 64 * 1024;

    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    /// <summary>How long a look may take that a request waits for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ImmutableArray<byte[]> _fixed;
    private readonly string? _path;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private volatile TokenFile _ofFile = new([], null);
    private Task<TokenFile>? _reading;
    private long _readAt;
    private int _isLooking;

    /// <param name="token">A token that stays; null for none.</param>
    /// <param name="path">A file of tokens; null for none.</param>
    /// <param name="time">The one clock.</param>
    /// <param name="logger">Where it is told that the file cannot be read any more.</param>
    /// <exception cref="AccessConfigurationException">The file cannot be read, or holds no token.</exception>
    public BearerTokens(string? token, string? path, TimeProvider time, ILogger logger)
    {
        _fixed = string.IsNullOrEmpty(token) ? [] : [DigestOf(token)];
        _path = path;
        _time = time;
        _logger = logger;
        if (path is not null)
        {
            _readAt = time.GetTimestamp();
            _ofFile = Await(path);
            if (_ofFile.Problem is { } problem)
            {
                throw new AccessConfigurationException($"{path}: {problem}");
            }
        }
    }

    /// <summary>Whether there can be any valid token at all.</summary>
    public bool AreConfigured => _path is not null || !_fixed.IsEmpty;

    /// <summary>Whether the token is valid now. Takes the same time for every wrong one.</summary>
    public bool Accept(string token)
    {
        var digest = DigestOf(token);
        var accepted = false;
        foreach (var valid in _fixed)
        {
            accepted |= CryptographicOperations.FixedTimeEquals(digest, valid);
        }

        foreach (var valid in OfFile())
        {
            accepted |= CryptographicOperations.FixedTimeEquals(digest, valid);
        }

        return accepted;
    }

    private ImmutableArray<byte[]> OfFile()
    {
        // One caller a second looks, and those who ask meanwhile are answered by the last look.
        if (_path is not null && _time.GetElapsedTime(Volatile.Read(ref _readAt)) >= Freshness && Interlocked.Exchange(ref _isLooking, 1) == 0)
        {
            try
            {
                Look(_path);
            }
            finally
            {
                Volatile.Write(ref _readAt, _time.GetTimestamp());
                Volatile.Write(ref _isLooking, 0);
            }
        }

        return _ofFile.Tokens;
    }

    private void Look(string path)
    {
        var before = _ofFile.Problem;
        _ofFile = Await(path);
        if (_ofFile.Problem != before)
        {
            Tell(_ofFile.Problem);
        }
    }

    /// <summary>
    /// Reads on a thread of its own: a pipe, or a file of a dead mount, may never answer. It is asked no second time while it owes the
    /// first answer, so that it costs one thread at most.
    /// </summary>
    private TokenFile Await(string path)
    {
        _reading ??= Task.Factory.StartNew(() => Read(path), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (!_reading.Wait(Patience))
        {
            return new TokenFile([], "does not answer: it must be a regular file");
        }

        var read = _reading.Result;
        _reading = null;
        return read;
    }

    private void Tell(string? problem)
    {
        if (problem is null)
        {
            AccessLog.TokensBack(_logger, _path!);
        }
        else
        {
            AccessLog.TokensLost(_logger, _path!, problem);
        }
    }

    private static TokenFile Read(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                return new TokenFile([], "is a directory, not a file");
            }

            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var buffer = new byte[MaxFileBytes + 1];

            // Never more than that, whatever the file says of its length: a device says 0 and has no end.
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return length > MaxFileBytes
                ? new TokenFile([], $"is not a file of at most {MaxFileBytes / 1024} KiB")
                : Parse(Encoding.UTF8.GetString(buffer.AsSpan(0, length)).TrimStart('\uFEFF'));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            return new TokenFile(
                [], unreadable is FileNotFoundException or DirectoryNotFoundException ? "no such file" : $"cannot be read: {unreadable.Message}");
        }
    }

    private static TokenFile Parse(string text)
    {
        var tokens = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line[0] != '#')
            .Select(DigestOf)
            .ToImmutableArray();
        return new TokenFile(tokens, tokens.IsEmpty ? "holds no token" : null);
    }

    private static byte[] DigestOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>What a look found.</summary>
    private sealed record TokenFile(ImmutableArray<byte[]> Tokens, string? Problem);
}
