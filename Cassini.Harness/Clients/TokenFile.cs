using System.Text;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Clients;

/// <summary>
/// A file with a bearer token, in the form of a broker's own file: lines that begin with # are comments, and of the others the first
/// counts, because there may be two while callers change from one to the other. It is read for each use, because tokens are replaced
/// while a program runs. Any thread.
/// </summary>
internal sealed class TokenFile
{
    // The limit of a broker's own file.
    private const int LargestFile = 64 << 10;

    private readonly string _setting;
    private readonly string _path;
    private volatile string _known;

    /// <summary>Reads the file, so that a wrong path is an error before the first use.</summary>
    /// <param name="setting">The setting that names the file.</param>
    /// <param name="path">The full path.</param>
    /// <exception cref="ClientException">The file has no token, or cannot be read.</exception>
    public TokenFile(string setting, string path)
    {
        (_setting, _path) = (setting, path);
        _known = ReadFile();
    }

    /// <summary>The token in the file; while the file cannot be used, the one before.</summary>
    public string Read()
    {
        try
        {
            return _known = ReadFile();
        }
        catch (ClientException)
        {
            // The file is being replaced. The token before may still be valid.
            return _known;
        }
    }

    private string ReadFile()
    {
        try
        {
            var text = Encoding.UTF8.GetString(WholeFile.Read(_path, LargestFile)).TrimStart('\uFEFF');
            var token = text.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line is not ("" or ['#', ..])) ?? "";
            return token.Length > 0 && token.All(c => c is > ' ' and < '\x7f')
                ? token
                : throw new ClientException(
                    $"{_setting}: {SafeText.Of(_path)}: holds no token: expected a line of printable ASCII", isLasting: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ClientException($"{_setting}: {SafeText.Of(_path)}: {FileProblem.Of(failure, _path)}", isLasting: true, failure);
        }
    }
}
