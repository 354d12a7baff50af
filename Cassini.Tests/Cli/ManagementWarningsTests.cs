using Cassini.Management.Http;
using Cassini.Web.Cli.Settings;

namespace Cassini.Tests.Cli;

public class ManagementWarningsTests
{
    [Theory]
    [InlineData("127.0.0.1:9090", null, null, false)]
    [InlineData("127.0.0.1:9090", false, null, false)]
    [InlineData("127.0.0.1:9090", true, "tokens", false)]
    [InlineData("[::1]:9090", true, null, true)]
    [InlineData("0.0.0.0:9090", null, "tokens", true)]
    [InlineData("0.0.0.0:9090", null, null, true)]
    public void Of_WhatMakesSense_IsNothing(string address, bool? requires, string? tokens, bool https) =>
        Of(address, requires, tokens, https).ShouldBeEmpty();

    [Theory]
    [InlineData("127.0.0.1:9090", null)]
    [InlineData("127.0.0.1:9090", false)]
    [InlineData("[::1]:9090", null)]
    public void Of_TokenThatNoCallerNeeds_SaysHowToRequireIt(string address, bool? requires) =>
        Of(address, requires, "tokens", https: false).ShouldBe(
    [
        $"management on {address} does not ask for a token: it is open to everyone on this machine; set Management:RequireCredentials=true",
    ]);

    [Theory]
    [InlineData("127.0.0.1:9090", true)]
    [InlineData("0.0.0.0:9090", null)]
    public void Of_CredentialsThatNoCallerCanHave_SaysSo(string address, bool? requires) =>
        Of(address, requires, null, https: false).ShouldContain(
        $"management on {address} has no credentials configured: it answers only probes, with one word; "
        + "set CASSINI_MANAGEMENT_TOKEN_FILE, or Management:Https=true for client certificates");

    [Fact]
    public void Of_PlainHttpOffLoopback_IsReadOnTheWay() => Of("0.0.0.0:9090", null, "tokens", https: false).ShouldBe(
        ["management uses plain HTTP on 0.0.0.0:9090: others on the network can read bearer tokens; set Management:Https=true"]);

    private static IEnumerable<string> Of(string address, bool? requires, string? tokens, bool https) => ManagementWarnings.Of(
        new ManagementOptions { Address = address, RequireCredentials = requires, TokenPath = tokens, Https = https });
}
