// The dialog that shows a whole message, which can be copied.
import { dump } from './words.js'

const $ = selector => document.querySelector(selector)
const dialog = $('#viewer')

// show opens the dialog. Binary messages are shown in hexadecimal.
export function show(title, data) {
	$('#viewer-title').textContent = title
	$('#whole').value = typeof data === 'string' ? data : dump(data)
	$('#copy').textContent = 'Copy'
	dialog.showModal()
	$('#whole').setSelectionRange(0, 0)
	$('#whole').scrollTop = 0
}

async function copy() {
	try {
		await navigator.clipboard.writeText($('#whole').value)
	} catch { // pages that are not secure have no clipboard
		$('#whole').select()
		document.execCommand('copy')
	}
	$('#copy').textContent = 'Copied'
}

$('#copy').addEventListener('click', copy)
$('#dismiss').addEventListener('click', () => dialog.close())
dialog.addEventListener('close', () => { $('#whole').value = '' }) // it may be large
