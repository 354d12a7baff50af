using System.Security.Cryptography;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Settings;

/// <summary>
/// Notices that the settings file has another content: a rewritten file, one that was put in its place, and a swapped symlink. A change
/// counts when two looks in a row saw the same, so that a file that is half written is not read. For one thread at a time.
/// </summary>
internal sealed class SettingsFileWatch
{
    private const string Absent = "absent";
    private const string Pipe = "a pipe";

    private readonly string _path;
    private string _taken;
    private string _seen;

    /// <summary>Looks at the file for the first time: before its settings are read, so that no change is missed.</summary>
    /// <param name="path">The full path.</param>
    public SettingsFileWatch(string path)
    {
        _path = path;
        _taken = _seen = Look();
    }

    /// <summary>Whether there was a file when its content was taken last.</summary>
    public bool HasFile => _taken != Absent;

    /// <summary>Whether what was taken last is a pipe: what is in it can be read once, by whoever loads it.</summary>
    public bool IsPipe => _taken == Pipe;

    /// <summary>Looks again.</summary>
    /// <returns>Whether there is a change to be read.</returns>
    public bool HasChanged()
    {
        var now = Look();
        var isSteady = now == _seen;
        _seen = now;
        return isSteady && now != _taken;
    }

    /// <summary>What is there now is about to be read, whatever it is.</summary>
    public void Take() => _taken = _seen = Look();

    private string Look()
    {
        if (RegularFile.IsPipe(_path))
        {
            return Pipe;
        }

        try
        {
            return Convert.ToHexString(SHA256.HashData(WholeFile.Read(_path, SettingsFile.LargestFile)));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return Absent;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }
}
