using Cassini.Tests.Support;

namespace Cassini.Tests.Store.Maintenance;

/// <summary>
/// Directories that older formats wrote, with what is in them. That of format 1 was written by <see cref="SampleJournal"/>, and copied
/// while it was open, after the first seven steps had been copied into the database. No fixture is ever written again.
/// </summary>
public sealed class JournalFormatFixtureTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("format1")]
    public async Task Load_DirectoryOfAnOlderFormat_IsReadExactly(string format)
    {
        JournalRig.WriteImage(_directory.File("store"), Read(format, "journal.db"), Read(format, "journal.db-wal"));
        var expected = System.Text.Encoding.UTF8.GetString(Read(format, "expected.txt")).TrimEnd();

        var found = JournalRig.Inspect(_directory.File("store"));
        found.Report.ShouldNotBeNull().Problems.ShouldBeEmpty();
        StateText.Of(found.State).ShouldBe(expected);
        (await SampleJournal.LoadAsync(_directory.File("store"), TimeProvider.System)).ShouldBe(expected);
        (await SampleJournal.LoadAsync(_directory.File("store"), TimeProvider.System)).ShouldBe(expected, "written by this version");
    }

    private static byte[] Read(string format, string name)
    {
        using var stream = typeof(JournalFormatFixtureTests).Assembly
            .GetManifestResourceStream($"Cassini.Tests.Store.Fixtures.{format}.{name}").ShouldNotBeNull();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
