using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Cassini.Web.Management.Access;

/// <summary>
/// The bearer tokens that are valid now: a fixed one, and those of a file that is read again when it is asked for and a second has
/// passed. A file that cannot be read holds no token: taking it away locks its callers out. Only digests are kept. Thread-safe.
/// </summary>
internal sealed class BearerTokens
{
    private const long MaxFileBytes = 64 * 1024;

    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly ImmutableArray<byte[]> _fixed;
    private readonly string? _path;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private ImmutableArray<byte[]> _ofFile = [];
    private string? _problem;
    private long _readAt;

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
            (_ofFile, _problem) = Read(path);
            if (_problem is not null)
            {
                throw new AccessConfigurationException($"{path}: {_problem}");
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
        if (_path is null)
        {
            return [];
        }

        long look;
        lock (_gate)
        {
            if (_time.GetElapsedTime(_readAt) < Freshness)
            {
                return _ofFile;
            }

            // One caller a second looks, and those who ask meanwhile are answered by the last look.
            _readAt = look = _time.GetTimestamp();
        }

        var (tokens, problem) = Read(_path);
        bool isNews;
        lock (_gate)
        {
            if (_readAt != look)
            {
                // So slow that another look began: that one knows better.
                return _ofFile;
            }

            isNews = problem != _problem;
            _problem = problem;
            _ofFile = tokens;
        }

        if (isNews)
        {
            Tell(problem);
        }

        return tokens;
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

    private static (ImmutableArray<byte[]> Tokens, string? Problem) Read(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!stream.CanSeek || stream.Length > MaxFileBytes)
            {
                return ([], $"is not a regular file of at most {MaxFileBytes / 1024} KiB");
            }

            using var reader = new StreamReader(stream, Encoding.UTF8);
            var tokens = reader.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Where(line => line[0] != '#')
                .Select(DigestOf)
                .ToImmutableArray();
            return tokens.IsEmpty ? ([], "holds no token") : (tokens, null);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            return ([], unreadable is FileNotFoundException or DirectoryNotFoundException ? "no such file" : $"cannot be read: {unreadable.Message}");
        }
    }

    private static byte[] DigestOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
