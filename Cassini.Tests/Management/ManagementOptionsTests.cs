using Cassini.Management.Http;

namespace Cassini.Tests.Management;

public class ManagementOptionsTests
{
    [Fact]
    public void ToString_WithAShutdownToken_SaysThatItIsSetAndNotWhatItIs()
    {
        var options = new ManagementOptions { ShutdownToken = "a-secret", MaxFeeds = 7 };

        var text = options.ToString();

        text.ShouldNotContain("a-secret");
        text.ShouldContain("ShutdownToken = (set),");
        text.ShouldContain("MaxFeeds = 7,");
        text.ShouldBe((options with { ShutdownToken = "another" }).ToString());
    }

    [Fact]
    public void ToString_WithoutAShutdownToken_SaysThatItIsNotSet() =>
        new ManagementOptions().ToString().ShouldContain("ShutdownToken = ,");
}
