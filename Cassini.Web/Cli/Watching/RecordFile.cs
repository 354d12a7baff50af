using Cassini.Harness.Clients;
using Cassini.Streams.Health.Records;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Watching;

/// <summary>The file of a record. When nothing was recorded, nothing is left of it: an empty file is no record.</summary>
internal sealed class RecordFile : IAsyncDisposable
{
    private readonly string _path;
    private readonly FileStream _file;

    /// <param name="path">The full path.</param>
    /// <exception cref="ClientException">There is such a file already, or it cannot be created.</exception>
    public RecordFile(string path)
    {
        _path = path;
        try
        {
            _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ClientException(
                $"--record: {SafeText.Of(path)}: {FileProblem.OfWriting(failure, path, isNew: true)}", isLasting: true, failure);
        }

        Writer = new HealthRecordWriter(_file);
    }

    /// <summary>Writes the record.</summary>
    public HealthRecordWriter Writer { get; }

    public async ValueTask DisposeAsync()
    {
        var isEmpty = _file.Length == 0;
        await Writer.DisposeAsync();
        if (isEmpty)
        {
            File.Delete(_path);
        }
    }
}
