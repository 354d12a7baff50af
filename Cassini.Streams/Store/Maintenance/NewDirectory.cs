using Cassini.Streams.Primitives;

namespace Cassini.Streams.Store.Maintenance;

/// <summary>A directory that appears under its name only when it is complete; what is left of it after a failure is removed.</summary>
internal sealed class NewDirectory : IDisposable
{
    private readonly string _target;
    private bool _isComplete;

    /// <summary>Begins it under another name.</summary>
    /// <param name="target">The full path.</param>
    /// <exception cref="IOException">There is something under either name, or it cannot be created.</exception>
    public NewDirectory(string target)
    {
        _target = Path.TrimEndingDirectorySeparator(target);
        Draft = _target + ".unfinished";
        if (Path.Exists(_target))
        {
            throw new IOException($"{_target} exists already: name a directory that does not.");
        }

        if (Path.Exists(Draft))
        {
            throw new IOException($"{Draft} exists already, from an attempt that goes on or was killed. If it was killed, remove it.");
        }

        try
        {
            PrivateDirectory.Create(Draft);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new IOException(FileProblem.OfNewDirectory(failure, _target), failure);
        }
    }

    /// <summary>Where its files are written.</summary>
    public string Draft { get; }

    /// <summary>All of its files are written and closed.</summary>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    public void Complete()
    {
        Directory.Move(Draft, _target);
        _isComplete = true;
    }

    public void Dispose()
    {
        if (!_isComplete)
        {
            Directory.Delete(Draft, recursive: true);
        }
    }
}
