using Cassini.Streams.Primitives;
using Cassini.Tests.Support;

namespace Cassini.Tests.Primitives;

public sealed class WholeFileTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(0, 10)]
    [InlineData(10, 10)]
    [InlineData(200_000, 1_000_000)]
    public void Read_NotMoreThanAllowed_IsAll(int length, int most)
    {
        var content = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
        File.WriteAllBytes(_directory.File("file"), content);

        WholeFile.Read(_directory.File("file"), most).ShouldBe(content);
    }

    [Fact]
    public void Read_MoreThanAllowed_SaysTheLimit()
    {
        File.WriteAllBytes(_directory.File("file"), new byte[1_001]);

        var failure = Should.Throw<FileTooLargeException>(() => WholeFile.Read(_directory.File("file"), 1_000));

        failure.Message.ShouldBe("has more than 1,000 bytes");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000)]
    [InlineData(1_000_000)]
    public void Read_DeviceWithoutAnEnd_StopsAtTheLimit(int most)
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "this machine has no /dev/zero");

        Should.Throw<FileTooLargeException>(() => WholeFile.Read("/dev/zero", most));
    }

    [Fact]
    public void Read_FileWhoseLengthTheSystemDoesNotSay_IsAll()
    {
        Assert.SkipUnless(File.Exists("/proc/self/status"), "this machine has no /proc");

        // It reports the length 0.
        WholeFile.Read("/proc/self/status", 1_000_000).Length.ShouldBeGreaterThan(100);
    }
}
