using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Cassini.Streams.Primitives;
using Cassini.Streams.Settings;

namespace Cassini.Management.Access;

/// <summary>
/// The bearer tokens that are valid now: a fixed one, and those of a file, which is read again at the first use after a second. A file
/// that cannot be read holds no token: removing it locks its callers out. Only digests are kept. Thread-safe.
/// </summary>
/// <param name="token">A fixed token; null for none.</param>
/// <param name="path">A file of tokens; null for none. Nothing is read before <see cref="LoadAsync"/>.</param>
/// <param name="setting">The setting that names the file, for errors.</param>
/// <param name="time">The one clock.</param>
/// <param name="logger">Logs that the file can no longer be read.</param>
internal sealed class BearerTokens(string? token, string? path, string setting, TimeProvider time, ILogger logger)
{
    private const int MaxFileBytes = 64 * 1024;

    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    /// <summary>How long a request waits for a read of the file.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ImmutableArray<byte[]> _fixed = string.IsNullOrEmpty(token) ? [] : [DigestOf(token)];
    private volatile FileTokens _ofFile = new([], null);
    private Task<FileTokens>? _reading;
    private long _readAt;
    private int _isLooking;

    /// <summary>Whether there can be any valid token at all.</summary>
    public bool AreConfigured => path is not null || !_fixed.IsEmpty;

    /// <summary>Reads the file for the first time: call it once, before the first request.</summary>
    /// <exception cref="AccessConfigurationException">The file cannot be read, or holds no token.</exception>
    public async Task LoadAsync()
    {
        if (path is null)
        {
            return;
        }

        _ofFile = await ReadAsync(path);
        Volatile.Write(ref _readAt, time.GetTimestamp());
        if (_ofFile.Problem is { } problem)
        {
            throw new AccessConfigurationException(new SettingError(setting, $"{path}: {problem}"), _ofFile.Cause);
        }
    }

    /// <summary>Whether the token is valid now. The comparison takes the same time for every wrong token.</summary>
    public async ValueTask<bool> AcceptAsync(string shown)
    {
        if (path is not null)
        {
            await LookAsync(path);
        }

        var digest = DigestOf(shown);
        var accepted = false;
        foreach (var valid in _fixed)
        {
            accepted |= CryptographicOperations.FixedTimeEquals(digest, valid);
        }

        foreach (var valid in _ofFile.Tokens)
        {
            accepted |= CryptographicOperations.FixedTimeEquals(digest, valid);
        }

        return accepted;
    }

    /// <summary>One caller a second reads the file; meanwhile the other callers use the result of the last read.</summary>
    private async ValueTask LookAsync(string file)
    {
        if (time.GetElapsedTime(Volatile.Read(ref _readAt)) < Freshness || Interlocked.Exchange(ref _isLooking, 1) != 0)
        {
            return;
        }

        try
        {
            var before = _ofFile.Problem;
            _ofFile = await ReadAsync(file);
            if (_ofFile.Problem != before)
            {
                Report(file, _ofFile);
            }
        }
        finally
        {
            Volatile.Write(ref _readAt, time.GetTimestamp());
            Volatile.Write(ref _isLooking, 0);
        }
    }

    /// <summary>
    /// Reads on a thread of its own, because a pipe, or a file of a dead mount, may never answer. Nothing else is read until the first read
    /// has ended, so that such a file costs one thread at most.
    /// </summary>
    private async Task<FileTokens> ReadAsync(string file)
    {
        var reading = _reading ??= Task.Factory.StartNew(
            () => Read(file), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await ((Task)reading).WaitAsync(Patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!reading.IsCompleted)
        {
            return new FileTokens([], "does not answer: it must be a regular file");
        }

        _reading = null;
        return await reading;
    }

    private void Report(string file, FileTokens read)
    {
        if (read.Problem is { } problem)
        {
            AccessLog.TokensLost(logger, file, problem);
            if (read.Cause is { } cause)
            {
                AccessLog.TokensUnreadable(logger, file, cause);
            }
        }
        else
        {
            AccessLog.TokensBack(logger, file);
        }
    }

    private static FileTokens Read(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                return new FileTokens([], FileProblem.IsDirectory);
            }

            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var buffer = new byte[MaxFileBytes + 1];

            // The limit holds whatever length the file reports: a device reports 0 and has no end.
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            return length > MaxFileBytes
                ? new FileTokens([], $"is not a file of at most {MaxFileBytes / 1024} KiB")
                : Parse(Encoding.UTF8.GetString(buffer.AsSpan(0, length)).TrimStart('\uFEFF'));
        }
        catch (Exception unreadable)
            when (unreadable is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            return new FileTokens([], FileProblem.Of(unreadable, path), unreadable);
        }
    }

    private static FileTokens Parse(string text)
    {
        var tokens = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line[0] != '#')
            .Select(DigestOf)
            .ToImmutableArray();
        return new FileTokens(tokens, tokens.IsEmpty ? "holds no token" : null);
    }

    private static byte[] DigestOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>The result of one read.</summary>
    private sealed record FileTokens(ImmutableArray<byte[]> Tokens, string? Problem, Exception? Cause = null);
}
