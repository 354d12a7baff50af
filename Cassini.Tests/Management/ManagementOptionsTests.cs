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

    [Theory]
    [InlineData(null, true)]
    [InlineData("Küche 2", true)]
    [InlineData("", false)]
    [InlineData("  ", false)]
    [InlineData("a\nb", false)]
    [InlineData("a\u202eb", false)]
    public void Name_ThatPeopleCannotRead_IsRefused(string? name, bool isAllowed) =>
        ManagementSettings.Section.Validate(new ManagementOptions { Name = name }).Any().ShouldBe(!isAllowed);

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void Name_Length_IsBounded(int length, bool isAllowed) =>
        ManagementSettings.Section.Validate(new ManagementOptions { Name = new string('n', length) }).Any().ShouldBe(!isAllowed);

    [Fact]
    public void Name_NotGiven_IsTheHosts()
    {
        ManagementSettings.NameOf(new ManagementOptions()).ShouldBe(Environment.MachineName);
        ManagementSettings.NameOf(new ManagementOptions { Name = "shop-1" }).ShouldBe("shop-1");
    }

    [Fact]
    public void ToString_WithoutAShutdownToken_SaysThatItIsNotSet() =>
        new ManagementOptions().ToString().ShouldContain("ShutdownToken = ,");
}
