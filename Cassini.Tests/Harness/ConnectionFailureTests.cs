using System.Security.Authentication;
using Cassini.Harness.Clients;

namespace Cassini.Tests.Harness;

public class ConnectionFailureTests
{
    [Theory]
    [InlineData("error:0A000418:SSL routines::tlsv1 alert unknown ca", "tlsv1 alert unknown ca")]
    [InlineData("Received an unexpected EOF.", "Received an unexpected EOF.")]
    public void Innermost_AlertOfTheBroker_IsItsWordsWithoutOpenSslsCode(string message, string expected) =>
        ConnectionFailure.Innermost(new IOException("it failed", new AuthenticationException(message))).ShouldBe(expected);
}
