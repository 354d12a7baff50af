using Cassini.Harness.Workers;
using Cassini.Tests.Support;
using Grpc.Core;

namespace Cassini.Tests.Harness;

public class MessageWriterTests
{
    private readonly SlowStream _stream = new();
    private readonly MessageWriter<string> _writer;

    public MessageWriterTests() => _writer = new MessageWriter<string>(_stream, TimeProvider.System);

    [Fact]
    public async Task Complete_WhileAMessageIsWritten_WaitsForIt()
    {
        var writing = _writer.TryWriteAsync("last");

        var completing = _writer.TryCompleteAsync();

        completing.IsCompleted.ShouldBeFalse();
        _stream.Written.SetResult();
        (await Eventually.CompletesAsync("the message is written", writing)).ShouldBeTrue();
        (await Eventually.CompletesAsync("the stream is complete", completing)).ShouldBeTrue();
        _stream.Calls.ShouldBe(["last", "complete"]);
    }

    [Fact]
    public async Task Write_AfterCompletion_WritesNothing()
    {
        (await _writer.TryCompleteAsync()).ShouldBeTrue();

        (await _writer.TryWriteAsync("late")).ShouldBeFalse();

        _stream.Calls.ShouldBe(["complete"]);
    }

    /// <summary>Refuses what gRPC refuses: anything during a write, and a write after the end.</summary>
    private sealed class SlowStream : IClientStreamWriter<string>
    {
        private bool _isWriting;
        private bool _isComplete;

        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<string> Calls { get; } = [];

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(string message) => WriteAsync(message, CancellationToken.None);

        public async Task WriteAsync(string message, CancellationToken cancellationToken)
        {
            MustBeFree();
            Calls.Add(message);
            _isWriting = true;
            await Written.Task.WaitAsync(cancellationToken);
            _isWriting = false;
        }

        public Task CompleteAsync()
        {
            MustBeFree();
            _isComplete = true;
            Calls.Add("complete");
            return Task.CompletedTask;
        }

        private void MustBeFree()
        {
            if (_isWriting || _isComplete)
            {
                throw new InvalidOperationException("The writer is in use, or complete.");
            }
        }
    }
}
