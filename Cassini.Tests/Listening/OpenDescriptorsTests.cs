using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Tests.Listening;

public class OpenDescriptorsTests
{
    private const int Files = 500;

    // Other tests open and close some meanwhile, but not hundreds.
    [Fact]
    public void Count_FilesAreOpened_GrowsByThem() => Grows(OpenDescriptors.Count);

    [Fact]
    public void CountEach_FilesAreOpened_GrowsByThem() => Grows(OpenDescriptors.CountEach);

    private static void Grows(Func<long?> count)
    {
        if (!OperatingSystem.IsLinux())
        {
            OpenDescriptors.Count().ShouldBeNull();
            return;
        }

        var before = count()!.Value;
        var files = Enumerable.Range(0, Files).Select(_ => File.OpenHandle("/dev/null")).ToList();
        try
        {
            count()!.Value.ShouldBeInRange(before + (Files / 2), before + (Files * 3 / 2));
        }
        finally
        {
            files.ForEach(file => file.Dispose());
        }
    }
}
