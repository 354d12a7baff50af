using Cassini.Harness.Results;

namespace Cassini.Harness.Views;

/// <summary>Shows a run while it runs.</summary>
internal interface IRunView
{
    /// <summary>One line. Any thread.</summary>
    void Say(string line);

    /// <summary>Shows a test's progress from now on.</summary>
    void Begin(TestCounts test);

    /// <summary>Shows the final progress of the test.</summary>
    Task EndAsync();
}
