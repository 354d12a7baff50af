using Cassini.Harness.Results;

namespace Cassini.Harness.Views;

/// <summary>Shows a run while it runs. No method of it throws when the output cannot be written.</summary>
internal interface IRunView
{
    /// <summary>Called at each attempt to write that failed, on the thread of the attempt.</summary>
    event Action<IOException>? Failed;

    /// <summary>One line. Any thread.</summary>
    void Say(string line);

    /// <summary>Shows a test's progress from now on.</summary>
    void Begin(TestCounts test);

    /// <summary>Shows the final progress of the test.</summary>
    Task EndAsync();
}
